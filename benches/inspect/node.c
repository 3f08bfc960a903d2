/* node volumes COUNT DIR       makes COUNT tmpfs mounts below DIR, at paths as the kubelet's, in its mount namespace
 * node processes COUNT SHARE   starts COUNT idle processes, the children of one that stays; in a mount namespace of
 *                              their own are as many as SHARE, in a row, and 0: all stay in the caller's
 * node peak COMMAND [ARG...]   runs a command, its output thrown away; prints its peak memory in KiB
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int volumes(long count, const char *dir)
{
	for (long i = 0; i < count; i++) {
		char path[4096];
		int length = snprintf(path, sizeof path,
			"%s/6f1c3a2e-0a4e-4a3b-9d51-%012lx/volumes/kubernetes.io~projected/kube-api-access-token", dir, i);
		for (char *slash = path + strlen(dir); *slash; slash++)
			if (*slash == '/' && slash > path + strlen(dir)) {
				*slash = 0;
				if (mkdir(path, 0755) && errno != EEXIST)
					return fail(path);
				*slash = '/';
			}
		if (length >= (int)sizeof path || mkdir(path, 0755) || mount("tmpfs", path, "tmpfs", 0, NULL))
			return fail(path);
	}
	return 0;
}

static int processes(long count, long share)
{
	if (fork() > 0)
		return 0;
	prctl(PR_SET_PDEATHSIG, 0);
	for (long i = 0; i < count; i++) {
		if (share && i % share == 0 && (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)))
			return fail("unshare");
		pid_t child = fork();
		if (child < 0)
			return fail("fork");
		if (child == 0)
			for (;;)
				pause();
	}
	for (;;)
		pause();
}

static int peak(char **words)
{
	struct rusage usage;
	int status;
	pid_t child = vfork();
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);
		dup2(null, 1);
		execv(words[0], words);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0)
		return fail(words[0]);
	printf("%ld\n", usage.ru_maxrss);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "volumes"))
		return volumes(atol(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(argv[1], "processes"))
		return processes(atol(argv[2]), atol(argv[3]));
	if (argc > 2 && !strcmp(argv[1], "peak"))
		return peak(argv + 2);
	return 2;
}
