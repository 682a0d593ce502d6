/*
 * What a program sees of a stopped clock, a line each: "name ok" or what is
 * wrong. A wait of 50 ms must take about as long, whichever clock its deadline
 * is on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, WAIT = 50 * MS, SECOND = 1000 * MS };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int bad;

static int64_t
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * (int64_t)SECOND + t.tv_nsec;
}

static struct timespec
at(int64_t ns)
{
	struct timespec t = {ns / SECOND, ns % SECOND};

	return t;
}

static void
tell(const char *name, int ok, long long got)
{
	bad += !ok;
	printf(ok ? "%s ok\n" : "%s: %lld\n", name, got);
}

static int64_t began;

static struct timespec
deadline(clockid_t clock)
{
	began = now(CLOCK_MONOTONIC);
	return at(now(clock) + WAIT);
}

/* It timed out, and neither at once nor late. */
static void
waited(const char *name, int error, int want)
{
	int64_t took = now(CLOCK_MONOTONIC) - began;

	if (error != want)
		tell(name, 0, error);
	else
		tell(name, took > WAIT * 9 / 10 && took < 5LL * SECOND, took);
}

static void
reads(int64_t ns)
{
	static const clockid_t wall[] = {CLOCK_REALTIME, CLOCK_REALTIME_COARSE};
	struct timespec t;
	struct timeval v;
	int64_t mono = now(CLOCK_MONOTONIC), boot = now(CLOCK_BOOTTIME);

	for (int i = 0; i < 2; i++)
		tell("clock_gettime", now(wall[i]) == ns, now(wall[i]));
	gettimeofday(&v, NULL);
	tell("gettimeofday", v.tv_sec == ns / SECOND, v.tv_sec);
	tell("microseconds", v.tv_usec == ns % SECOND / 1000, v.tv_usec);
	tell("time", time(NULL) == ns / SECOND, time(NULL));
	tell("timespec_get",
	    timespec_get(&t, TIME_UTC) == TIME_UTC && t.tv_sec == ns / SECOND &&
		t.tv_nsec == ns % SECOND,
	    t.tv_sec);
	usleep(20000);
	tell("stands still", now(CLOCK_REALTIME) == ns, now(CLOCK_REALTIME));
	mono = now(CLOCK_MONOTONIC) - mono;
	boot = now(CLOCK_BOOTTIME) - boot;
	tell("monotonic", mono >= 20 * MS && mono < SECOND, mono);
	tell("boottime", boot >= 20 * MS && boot < SECOND, boot);
	errno = 0;
	tell("invalid clock", clock_gettime(77, &t) == -1 && errno == EINVAL,
	    errno);
}

static void
condition(const char *name, clockid_t clock)
{
	pthread_condattr_t how;
	pthread_cond_t cond;
	struct timespec t;
	int got;

	pthread_condattr_init(&how);
	pthread_condattr_setclock(&how, clock);
	pthread_cond_init(&cond, &how);
	pthread_mutex_lock(&mutex);
	t = deadline(clock);
	do
		got = pthread_cond_timedwait(&cond, &mutex, &t);
	while (!got);
	pthread_mutex_unlock(&mutex);
	waited(name, got, ETIMEDOUT);
}

static void *
lock_late(void *arg)
{
	struct timespec t = deadline(CLOCK_REALTIME);

	(void)arg;
	waited("mutex", pthread_mutex_timedlock(&mutex, &t), ETIMEDOUT);
	return NULL;
}

static void
locks(void)
{
	pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
	struct timespec t;
	pthread_t thread;

	pthread_mutex_lock(&mutex);
	pthread_create(&thread, NULL, lock_late, NULL);
	pthread_join(thread, NULL);
	pthread_mutex_unlock(&mutex);
	pthread_rwlock_rdlock(&lock);
	t = deadline(CLOCK_REALTIME);
	waited("rwlock", pthread_rwlock_timedwrlock(&lock, &t), ETIMEDOUT);
}

static void
semaphore(void)
{
	struct timespec t;
	sem_t sem;

	sem_init(&sem, 0, 0);
	t = deadline(CLOCK_REALTIME);
	waited("semaphore", sem_timedwait(&sem, &t) ? errno : 0, ETIMEDOUT);
}

static void
sleeps(void)
{
	struct timespec t = deadline(CLOCK_REALTIME);

	waited("sleep until",
	    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL), 0);
	t = deadline(CLOCK_MONOTONIC);
	waited("sleep until, monotonic",
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
	t = at(WAIT);
	began = now(CLOCK_MONOTONIC);
	waited("sleep", nanosleep(&t, NULL), 0);
}

static void
c11(void)
{
	struct timespec t;
	cnd_t cond;
	mtx_t lock;

	cnd_init(&cond);
	mtx_init(&lock, mtx_timed);
	mtx_lock(&lock);
	t = deadline(CLOCK_REALTIME);
	waited("cnd", cnd_timedwait(&cond, &lock, &t), thrd_timedout);
}

static void
timer(const char *name, clockid_t clock)
{
	int fd = timerfd_create(clock, 0);
	struct itimerspec t = {.it_value = deadline(clock)};
	uint64_t n;

	timerfd_settime(fd, TFD_TIMER_ABSTIME, &t, NULL);
	waited(name, read(fd, &n, sizeof n) == sizeof n ? (int)n : errno, 1);
	close(fd);
}

static void
queue(void)
{
	struct mq_attr how = {.mq_maxmsg = 1, .mq_msgsize = 8};
	char name[32], text[8];
	struct timespec t;
	mqd_t q;

	snprintf(name, sizeof name, "/clnrm.%d", (int)getpid());
	q = mq_open(name, O_RDWR | O_CREAT, 0600, &how);
	mq_unlink(name);
	t = deadline(CLOCK_REALTIME);
	if (q != (mqd_t)-1)
		waited("queue",
		    mq_timedreceive(q, text, sizeof text, NULL, &t) < 0 ? errno
									: 0,
		    ETIMEDOUT);
}

static void
edges(void)
{
	struct timespec past = {0, 0}, wrong = {1, -1}, never = {INT64_MAX, 0};
	sem_t sem;

	sem_init(&sem, 0, 0);
	tell("a deadline that is past",
	    sem_timedwait(&sem, &past) && errno == ETIMEDOUT, errno);
	tell("a deadline that is none",
	    sem_timedwait(&sem, &wrong) && errno == EINVAL, errno);
	sem_post(&sem);
	tell(
	    "a deadline that never comes", !sem_timedwait(&sem, &never), errno);
}

int
main(int argc, char *argv[])
{
	if (argc != 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	reads(strtoll(argv[1], NULL, 10));
	condition("condition", CLOCK_REALTIME);
	condition("condition, monotonic", CLOCK_MONOTONIC);
	locks();
	semaphore();
	sleeps();
	c11();
	timer("timer", CLOCK_REALTIME);
	timer("timer, monotonic", CLOCK_MONOTONIC);
	queue();
	edges();
	return bad != 0;
}
