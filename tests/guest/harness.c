// SPDX-License-Identifier: GPL-2.0
/* Runs the registered tests and prints one result line for each. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

#define REASON_MAX 600

struct verdict {
	char reason[REASON_MAX];
	bool failed;
	bool skipped;
};

static int report_fd = -1;

/* In the child: one message 'F' or 'S' with the reason, then the end. */
static void end_child(enum check_end how, const char *reason)
{
	char msg[REASON_MAX];
	int n;

	n = snprintf(msg, sizeof(msg), "%c%s", how == CHECK_END_SKIP ? 'S' :
		     'F', reason);
	if (n >= (int)sizeof(msg))
		n = sizeof(msg) - 1;
	/* Shorter than PIPE_BUF: messages of several threads do not mix. */
	if (write(report_fd, msg, n + 1) < 0)
		_exit(2);
	_exit(how == CHECK_END_SKIP ? 0 : 1);
}

static void __noreturn run_child(const struct test *t, const void *param,
				 int fd)
{
	setpgid(0, 0);
	signal(SIGPIPE, SIG_IGN);
	report_fd = fd;
	check_end_hook = end_child;
	t->run(param);
	fflush(stdout);
	_exit(0);
}

static s64 now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

unsigned int rounds(unsigned int few, unsigned int many)
{
	return getenv("KTLS_LONG") ? many : few;
}

u64 from_environment(const char *name, u64 otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

u64 random_seed(void)
{
	u32 seed;

	CHECK_EQ(getrandom(&seed, sizeof(seed), 0), sizeof(seed));
	return seed;
}

static s64 timeout_ms(const struct test *t)
{
	return t->timeout * 1000LL * from_environment("KTLS_TIMEOUT_SCALE", 1);
}

/* Waits at most until deadline; false if the child still runs then. */
static bool reap(pid_t pid, s64 deadline, int *status)
{
	pid_t got;

	for (;;) {
		got = waitpid(pid, status, WNOHANG);
		if (got == pid)
			return true;
		if (got < 0 && errno != EINTR)
			return false;
		if (now_ms() >= deadline)
			return false;
		poll(NULL, 0, 2);
	}
}

static void show_file(const char *path)
{
	char line[256];
	FILE *f;

	f = fopen(path, "r");
	if (!f)
		return;
	while (fgets(line, sizeof(line), f))
		printf("# %s", line);
	fclose(f);
}

/* Where the threads of a hung test sit in the kernel, for whoever reads the log. */
static void show_stacks(pid_t pid)
{
	struct dirent *entry;
	char path[300];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("# thread %s hangs in:\n", entry->d_name);
		snprintf(path, sizeof(path), "/proc/%d/task/%s/stack", pid,
			 entry->d_name);
		show_file(path);
	}
	if (dir)
		closedir(dir);
	show_file("/proc/net/tcp");
}

__printf(2, 3)
static void fail(struct verdict *v, const char *fmt, ...)
{
	va_list ap;

	if (v->failed)
		return;
	v->failed = true;
	va_start(ap, fmt);
	vsnprintf(v->reason, sizeof(v->reason), fmt, ap);
	va_end(ap);
}

/* Messages are NUL-terminated; a failure counts more than a skip. */
static void take_messages(struct verdict *v, char *buf, size_t len)
{
	size_t pos;

	buf[len] = '\0';
	for (pos = 0; pos < len; pos += strlen(buf + pos) + 1) {
		if (buf[pos] == 'F') {
			fail(v, "%s", buf + pos + 1);
		} else if (buf[pos] == 'S' && !v->failed) {
			v->skipped = true;
			snprintf(v->reason, sizeof(v->reason), "%s",
				 buf + pos + 1);
		}
	}
}

/* The child is gone (or beyond help): what is in the pipe is all there is. */
static void read_messages(struct verdict *v, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char buf[4 * REASON_MAX + 1];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof(buf) - 1 && poll(&pfd, 1, 0) > 0) {
		n = read(fd, buf + len, sizeof(buf) - 1 - len);
		if (n <= 0)
			break;
		len += n;
	}
	take_messages(v, buf, len);
}

static void judge(struct verdict *v, const struct test *t, pid_t pid, int fd)
{
	s64 limit = timeout_ms(t);
	bool hung = false;
	int status = 0;

	if (!reap(pid, now_ms() + limit, &status)) {
		hung = true;
		show_stacks(pid);
	}
	/* Also ends what the test has left behind. */
	kill(-pid, SIGKILL);
	if (hung && !reap(pid, now_ms() + 5000, &status))
		fail(v, "hangs in the kernel and cannot be killed");
	read_messages(v, fd);
	if (hung)
		fail(v, "no end after %lld s", (long long)limit / 1000);
	else if (WIFSIGNALED(status))
		fail(v, "killed by signal %d (%s)", WTERMSIG(status),
		     strsignal(WTERMSIG(status)));
	else if (WEXITSTATUS(status))
		fail(v, "exit status %d", WEXITSTATUS(status));
}

static void run_one(struct verdict *v, const struct test *t,
		    const void *param)
{
	int fds[2];
	pid_t pid;

	memset(v, 0, sizeof(*v));
	if (pipe2(fds, O_CLOEXEC)) {
		fail(v, "pipe: %s", strerror(errno));
		return;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		close(fds[0]);
		run_child(t, param, fds[1]);
	}
	close(fds[1]);
	if (pid < 0)
		fail(v, "fork: %s", strerror(errno));
	else
		judge(v, t, pid, fds[0]);
	close(fds[0]);
}

static void print_verdict(const struct verdict *v, const char *name)
{
	if (v->failed)
		printf("fail %s: %s\n", name, v->reason);
	else if (v->skipped)
		printf("skip %s: %s\n", name, v->reason);
	else
		printf("pass %s\n", name);
	fflush(stdout);
}

/* Only '*' is special: parameter names are written in brackets. */
static bool glob(const char *pattern, const char *s)
{
	if (*pattern == '*')
		return glob(pattern + 1, s) || (*s && glob(pattern, s + 1));
	if (*pattern != *s)
		return false;
	return !*s || glob(pattern + 1, s + 1);
}

static bool wanted(const struct test *t, const char *name, const char *pattern)
{
	return glob(pattern, name) || glob(pattern, t->name);
}

struct run {
	char **patterns;
	unsigned int npatterns;
	bool *matched;		/* one for each pattern */
	bool list;
	bool failed;
};

static bool select_test(struct run *r, const struct test *t, const char *name)
{
	bool yes = !r->npatterns;
	unsigned int i;

	for (i = 0; i < r->npatterns; i++) {
		if (wanted(t, name, r->patterns[i])) {
			r->matched[i] = true;
			yes = true;
		}
	}
	return yes;
}

static void visit(struct run *r, const struct test *t, const char *name,
		  const void *param)
{
	struct verdict v;

	if (!select_test(r, t, name))
		return;
	if (r->list) {
		printf("%s\n", name);
		return;
	}
	run_one(&v, t, param);
	print_verdict(&v, name);
	r->failed |= v.failed;
}

static void visit_each(struct run *r, const struct test *t)
{
	char param_name[64], name[160];
	const void *param;
	unsigned int i;

	for (i = 0; ; i++) {
		param = t->params(i, param_name, sizeof(param_name));
		if (!param)
			return;
		snprintf(name, sizeof(name), "%s[%s]", t->name, param_name);
		visit(r, t, name, param);
	}
}

static void usage(const char *prog)
{
	printf("Usage: %s [--list] [NAME...]\n"
	       "Runs the tests named, or all. A '*' in a name stands for\n"
	       "anything; a name without its [parameter] means all of them.\n"
	       "Environment: KTLS_ULP (default ktls), KTLS_TIMEOUT_SCALE.\n",
	       prog);
}

/*
 * The kernel patches its receiving code when the first socket asks for
 * timestamps and when the last one is gone. An emulated processor that runs that
 * code meanwhile may trip over it. So it happens once, while nobody sends: the
 * socket stays open until the end.
 */
static void want_stamps(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &one, sizeof(one));
	/* A worker does it. */
	poll(NULL, 0, 300);
}

int main(int argc, char **argv)
{
	const struct test *const *t;
	struct run r = { 0 };
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		usage(argv[0]);
		return 0;
	}
	r.list = argc > 1 && !strcmp(argv[1], "--list");
	r.patterns = argv + 1 + r.list;
	r.npatterns = argc - 1 - r.list;
	r.matched = calloc(r.npatterns + 1, sizeof(*r.matched));
	if (!r.matched)
		return 1;
	if (!r.list)
		want_stamps();
	for (t = __start_ktls_tests; t < __stop_ktls_tests; t++) {
		if ((*t)->params)
			visit_each(&r, *t);
		else
			visit(&r, *t, (*t)->name, NULL);
	}
	for (i = 0; i < r.npatterns; i++) {
		if (r.matched[i])
			continue;
		printf("fail %s: no test has this name\n", r.patterns[i]);
		r.failed = true;
	}
	free(r.matched);
	return r.failed;
}
