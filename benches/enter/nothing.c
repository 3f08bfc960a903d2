/* The command of the benchmark: nothing at all, so that what is measured is who starts it. Linked without
 * libc's start-up (-nostartfiles). */
#include <unistd.h>

_Noreturn void _start(void)
{
	_exit(0);
}
