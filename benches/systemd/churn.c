/* churn stand COUNT DIR            makes COUNT tmpfs mounts below DIR, in its own mount namespace
 * churn fall COUNT DIR             takes them away again
 * churn turn COUNT RATE DIR        mounts and unmounts a tmpfs on DIR COUNT times, RATE times a second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void stand(long count, const char *dir)
{
	char point[4096];
	for (long i = 0; i < count; i++) {
		snprintf(point, sizeof point, "%s/%ld", dir, i);
		if (mkdir(point, 0755) || mount("standing", point, "tmpfs", 0, NULL))
			fail(point);
	}
}

static void fall(long count, const char *dir)
{
	char point[4096];
	for (long i = 0; i < count; i++) {
		snprintf(point, sizeof point, "%s/%ld", dir, i);
		if (umount2(point, MNT_DETACH) || rmdir(point))
			fail(point);
	}
}

static void turn(long count, long rate, const char *dir)
{
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (long i = 0; i < count; i++) {
		if (mount("turning", dir, "tmpfs", 0, NULL) || umount2(dir, MNT_DETACH))
			fail(dir);
		next.tv_nsec += 1000000000 / rate;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "stand"))
		stand(atol(argv[2]), argv[3]);
	else if (argc == 4 && !strcmp(argv[1], "fall"))
		fall(atol(argv[2]), argv[3]);
	else if (argc == 5 && !strcmp(argv[1], "turn"))
		turn(atol(argv[2]), atol(argv[3]), argv[4]);
	else
		return 2;
	return 0;
}
