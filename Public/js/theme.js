// Runs before the stylesheet is applied, so a stored theme never flashes in the wrong colours.
(function () {
  var theme = null;
  try {
    theme = localStorage.getItem('monoflow.theme');
  } catch (error) {
    /* storage may be switched off */
  }
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
})();
