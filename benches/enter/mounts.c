/* mounts COUNT DIR: makes COUNT mounts below DIR, a directory to write to, in its own mount namespace. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[1]) : -1;
	for (long i = 0; i < count; i++) {
		char point[4096];
		snprintf(point, sizeof point, "%s/%ld", argv[2], i);
		if (mkdir(point, 0755) != 0 || mount(argv[2], point, NULL, MS_BIND, NULL) != 0) {
			perror(point);
			return 1;
		}
	}
	return count < 0;
}
