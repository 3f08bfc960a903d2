/* rounds COUNT COMMAND [ARG...] [-- COMMAND [ARG...]]...
 *
 * Times commands against one another. In each of COUNT rounds every command runs once, in a fresh random order, so
 * that all of them meet the same noise and none always follows the same neighbour. A command is a path from the root
 * on; NAME=VALUE words before it are all of its environment, and before them may be @DIRECTORY, to which /run/kubens
 * leads while it runs. One that does not end with status 0 ends it all.
 *
 * Lines out, fields separated by blanks, commands counted from 0:
 *   wall I NANOSECONDS     median from spawn to reap
 *   faults I COUNT         median of page faults, from spawn to reap
 *   ratio I J RATIO        median of the rounds' own ratios, wall time of I to that of J
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { COMMANDS = 32, WARM_UP = 20 };

struct command {
	const char *pin;    /* the directory that /run/kubens leads to, or NULL */
	char **environment; /* NULL-terminated */
	char **words;       /* NULL-terminated */
	double *wall, *faults;
};

static void fail(const char *what, const char *which)
{
	fprintf(stderr, "rounds: %s%s\n", what, which);
	exit(1);
}

static void *array(size_t count, size_t size)
{
	void *memory = calloc(count, size);
	if (!memory)
		fail("out of memory", "");
	return memory;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(const double *values, int count)
{
	double *sorted = array(count, sizeof *sorted), middle;
	memcpy(sorted, values, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, ascending);
	middle = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	free(sorted);
	return middle;
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1e9 + time.tv_nsec;
}

/* One run, from spawn to reap. vfork: a copy of this process is nothing that the command should be charged for. */
static void run(const struct command *command, double *wall, double *faults)
{
	struct rusage usage;
	int status;
	if (command->pin && (symlink(command->pin, "/run/kubens.new") != 0 || rename("/run/kubens.new", "/run/kubens") != 0))
		fail("cannot lead /run/kubens to ", command->pin);
	double start = now();
	pid_t child = vfork();
	if (child == 0) {
		execve(command->words[0], command->words, command->environment);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		fail("cannot run ", command->words[0]);
	*wall = now() - start;
	*faults = usage.ru_minflt + usage.ru_majflt;
	if (status != 0)
		fail("did not end with status 0: ", command->words[0]);
}

/* Cuts the command line at its `--` words. */
static int read_commands(char **words, struct command *commands, int rounds)
{
	int count = 0;
	while (*words) {
		struct command *command = &commands[count];
		if (++count > COMMANDS)
			fail("too many commands", "");
		command->wall = array(rounds, sizeof(double));
		command->faults = array(rounds, sizeof(double));
		char **end = words;
		while (*end && strcmp(*end, "--") != 0)
			end++;
		if (words < end && **words == '@')
			command->pin = *words++ + 1;
		int variables = 0;
		command->environment = array(end - words + 1, sizeof(char *));
		while (words < end && **words != '/')
			command->environment[variables++] = *words++;
		if (words == end)
			fail("a command is missing", "");
		command->words = words;
		words = *end ? end + 1 : end;
		*end = NULL;
	}
	return count;
}

static void shuffle(int *order, int count)
{
	for (int i = count - 1; i > 0; i--) {
		int j = random() % (i + 1), swapped = order[i];
		order[i] = order[j];
		order[j] = swapped;
	}
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS] = {0};
	int rounds = argc > 2 ? atoi(argv[1]) : 0, order[COMMANDS];
	if (rounds < 1)
		fail("usage: rounds COUNT COMMAND [ARG...] [-- COMMAND [ARG...]]...", "");
	int count = read_commands(argv + 2, commands, rounds);
	for (int i = 0; i < count; i++)
		order[i] = i;

	for (int round = -WARM_UP; round < rounds; round++) {
		int slot = round < 0 ? 0 : round;
		shuffle(order, count);
		for (int i = 0; i < count; i++) {
			const struct command *command = &commands[order[i]];
			run(command, &command->wall[slot], &command->faults[slot]);
		}
	}

	double *ratios = array(rounds, sizeof *ratios);
	for (int i = 0; i < count; i++) {
		printf("wall %d %.0f\n", i, median(commands[i].wall, rounds));
		printf("faults %d %.0f\n", i, median(commands[i].faults, rounds));
		for (int j = 0; j < count; j++) {
			for (int round = 0; round < rounds; round++)
				ratios[round] = commands[i].wall[round] / commands[j].wall[round];
			printf("ratio %d %d %.4f\n", i, j, median(ratios, rounds));
		}
	}
	return 0;
}
