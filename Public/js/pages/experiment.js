// One experiment with its runs.
import { h } from '../dom.js';
import { icon } from '../icons.js';
import { pageHeader, time } from '../parts/basics.js';
import { runsList } from './runs.js';

export default async function experimentPage(context) {
  const { params, endpoints, signal, title } = context;
  const experiment = await endpoints.experiments.get(params.id, { signal });
  title(experiment.display_name);
  return h(
    'div',
    { class: 'page' },
    pageHeader({
      crumbs: [['Experiments', '/experiments']],
      title: experiment.display_name,
      aside: h('span', { class: 'muted' }, 'created ', time(experiment.created_at)),
      actions: h(
        'a',
        { class: 'button primary', href: `/new-run?experiment=${encodeURIComponent(params.id)}` },
        icon('plus'),
        'New run',
      ),
    }),
    experiment.description ? h('p', { class: 'muted lead' }, experiment.description) : null,
    runsList(context, { experiment: params.id }),
  );
}
