// SwiftPM links every executable as a Swift one: its start object registers the image with the Swift runtime and
// names one more of its functions. Answering both here leaves the runtime out of the static program, which a C program does
// not need, which is not there inside a sandbox, and whose loading would slow every step.
#include <stddef.h>

void swift_addNewDSOImage(const void *image);
void swift_addNewDSOImage(const void *image) { (void)image; }

int _swift_backtrace_isThunkFunction(const char *name);
int _swift_backtrace_isThunkFunction(const char *name) { return name == NULL; }
