#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# What heddle check answers when it is asked for something that cannot be, and how it ends: each error is one line, and
# its status is not that of a program that failed. command_test.sh COMPILER FOLDER: programs lie below FOLDER.
set -euo pipefail
compiler=$1 programs=$2
good="$programs/correct/mutex_counter.plain" bad="$programs/failing/lock_order_two.plain"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0

complain() {
    echo "FAILED: $*"
    sed 's/^/    /' out err
    failures=$((failures + 1))
}

# check STATUS ARGUMENT…: runs it, without input.
check() {
    local expected=$1 status=0
    shift
    what="heddle check $*"
    timeout 60 "$HEDDLE" check "$@" >out 2>err </dev/null || status=$?
    [[ $status -eq $expected ]] || complain "$what: status $status, expected $expected"
}
# says PATTERN: on the standard output. complains PATTERN: in one line on the standard error, and nothing else anywhere.
says() { grep -qE -- "$1" out || complain "$what: no '$1'"; }
complains() {
    check 2 "${@:2}"
    [[ $(wc -l <err) -eq 1 && ! -s out ]] || complain "$what: not one line"
    grep -qE -- "^heddle: .*$1" err || complain "$what: no '$1'"
}
build() { "$compiler" -x c -o "$1" "${@:2}" - -pthread; }

# What is asked for cannot be.
complains 'which program' 
complains 'none-such: No such file' ./none-such
complains 'none-such: No such file' none-such
echo 'int main' >text
complains 'text: Permission denied' ./text
complains 'Permission denied' "$scratch"
complains "unknown option '--nonsense'" --nonsense "$good"
complains 'schedules' --schedules 0 "$good"
complains 'strategy' --strategy guess "$good"
if echo 'int main(void) { return 0; }' | build static -static 2>err; then
    begin=$SECONDS
    complains 'statically linked' ./static
    [[ $((SECONDS - begin)) -lt 10 ]] || complain "$what: took $((SECONDS - begin)) s"
else
    echo "skipped: there is no static libc"
fi

# Replays.
complains 'none cannot be read .No such file' --replay none
complains 'cannot be read .Is a directory' --replay .
complains 'not a replay file' --replay text
cp "$bad" program
check 1 ./program
says '^deadlock'
says 'run it again: heddle check --replay program.replay'
check 1 --replay program.replay
says '^deadlock'
check 0 --replay program.replay "$good"
says "recorded of ./program, and this is $good"
says 'does not fail any more'
cp "$good" program
check 0 --replay program.replay
says 'built anew'
says 'does not fail any more'
rm program
complains 'program: No such file' --replay program.replay

# A replay file that cannot be written takes nothing away from the report.
check 1 --replay-file no/such/folder/replay "$bad"
says '^deadlock'
! grep -q 'run it again' out || complain "$what: names a file that is not there"
grep -q 'no/such/folder/replay cannot be written' err || complain "$what: does not say so"
check 1 --json --replay-file no/such/folder/replay "$bad"
says '"kind": "deadlock"'
ln -s /dev/null null
check 1 --replay-file null "$bad"
[[ -L null && -c null ]] || complain "$what: a file took the place of what was no file"

# Programs of all sorts.
check 0 -n 50 "$good"
says '^nothing found in 50 schedules'
build arguments <<'P'
#include <string.h>
int main(int argc, char** argv) { return argc == 3 && strcmp(argv[1], "--json") == 0 && (strcmp(argv[2], "a b") == 0 || strcmp(argv[2], "--") == 0) ? 0 : 1; }
P
check 0 -n 5 ./arguments --json 'a b'
check 0 -n 5 -- ./arguments --json 'a b'
check 0 -n5 --no-races -- ./arguments --json 'a b'
check 0 -n 5 ./arguments --json --
check 0 -n 5 -- ./arguments --json --
check 1 -n 5 ./arguments
says '^exit status'
says 'only one thread|status 1'
# The program's own names may be those of libc.
cat >names.c <<'P'
#include <pthread.h>
_Bool send, recv;
static void* work(void* p) { send = 1; return p; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); pthread_join(t, 0); return !send; }
P
"$HEDDLE" cc -o names names.c 2>/dev/null
check 0 -n 5 ./names
# And short ones, which a demangler takes for types; two in the same eight bytes; and a thread that is over.
cat >short.c <<'P'
#include <pthread.h>
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER, l = PTHREAD_MUTEX_INITIALIZER;
static _Alignas(8) char i, j;
static void* nothing(void* p) { return p; }
static void* one(void* p) { pthread_mutex_lock(&m); j = 1; pthread_mutex_lock(&l); pthread_mutex_unlock(&l); pthread_mutex_unlock(&m); return p; }
static void* other(void* p) { pthread_mutex_lock(&l); pthread_mutex_lock(&m); i = j; pthread_mutex_unlock(&m); pthread_mutex_unlock(&l); return p; }
int main(void) {
    pthread_t t[3];
    pthread_create(&t[0], 0, nothing, 0);
    pthread_join(t[0], 0);
    pthread_create(&t[0], 0, nothing, 0);
    pthread_create(&t[1], 0, one, 0);
    pthread_create(&t[2], 0, other, 0);
    for (int n = 0; n < 3; ++n) pthread_join(t[n], 0);
    return STATUS;
}
P
"$HEDDLE" cc -o short -DSTATUS=i short.c
check 1 --strategy bounded ./short
says '^exit status: the program ended with status 1'
says 'writes j$'
"$HEDDLE" cc -o short -DSTATUS=0 short.c
check 1 --strategy bounded ./short
says '^deadlock: no thread can go on'
says 'locks mutex m$'
says 'locks mutex l$'
says '^  T. waits for mutex [lm], held by T. since'
! grep -q 'could go on$\|unknown place' out || complain "$what: tells of a thread that is over, or from nowhere"
build chatty <<'P'
#include <stdio.h>
int main(void) { for (int i = 0; i < 100000; ++i) printf("line %d\n", i); return 0; }
P
check 0 -n 5 ./chatty
says 'only one thread'
[[ $(wc -l <out) -lt 10 ]] || complain "$what: shows what the program prints"
check 0 -n 1 -j 1 --output printed ./chatty
[[ -s printed ]] || complain "$what: what it printed is not in the file"
complains 'no/such/folder' --output no/such/folder/file ./chatty
build reader <<'P'
#include <stdio.h>
int main(void) { int n = 0; while (getchar() != EOF) ++n; return n; }
P
check 0 -n 5 ./reader

# What it prints, and its status, count as the options say.
order="$programs/failing/output_in_order_of_arrival.plain"
check 0 -n 200 "$order"
check 1 --expect-same-output "$order"
says "^different output: line 2 of the output is 'second', and was 'first' in the first schedule"
check 1 --replay output_in_order_of_arrival.plain.replay
says "^different output: line 2 of the output is 'second'"
check 1 -j 1 --expect-same-output --output printed "$order"
grep -q '^second' printed || complain "$what: what it printed is not in the file"
check 0 -n 100 --expect-same-output "$good"
check 0 -n 5 --ignore-exit-status ./arguments
check 1 -n 500 --ignore-exit-status "$bad"
says '^deadlock'

# A policy's schedule, one for each.
check 0 --policy fcfs,round_robin,priority "$good"
says '^policy round_robin: the program ends$'
says '^nothing found in 3 schedules'
check 0 --policy round_robin --quantum 1 "$good"
check 0 --policy fcfs,sjf,srtf,rr:3us,priority:age=1ms,mlfq:4us,8us,lottery,stride,fair,edf,rm,random,linux,mlq:levels=rr "$good"
says '^policy mlfq:4us,8us: the program ends$'
says '^nothing found in 14 schedules'
check 0 --policy fcfs,mlfq,fair,lottery,linux "$programs/correct/c11_threads.plain"  # in C
complains "policy: 'guess' is not known; there are fcfs" --policy guess "$good"
complains 'policy' --policy rr:never "$good"
complains 'there is no name' --policy fcfs,,rr "$good"
complains 'there is no name' --policy '' "$good"
complains 'too long' --policy "rr:1us$(printf '%100s')" "$good"
complains 'policy' --policy fcfs --strategy pct "$good"
check 1 --policy fcfs "$programs/failing/after_you.plain"
says 'by policy fcfs'
check 1 --replay after_you.plain.replay
says '^livelock'

build computes <<'P'
int main(void) { for (volatile unsigned long i = 0;; ++i) { } }
P
# How many CPUs the program sees.
build sized <<'P'
#define _GNU_SOURCE
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>
static void* work(void* p) { return p; }
int main(void) {
    pthread_t t;
    cpu_set_t set;
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    sched_getaffinity(0, sizeof set, &set);
    if (n != CPU_COUNT(&set)) return 9;
    pthread_create(&t, 0, work, 0);
    pthread_join(t, 0);
    assert(n != 3);
    return 0;
}
P
check 0 -n 50 ./sized
check 0 -n 50 --workers 4..6 ./sized
check 1 -n 50 --workers 1..4 ./sized
says ', 3 CPUs; 0 preemptions'
check 1 --replay sized.replay
says '^assertion: assertion failed: n != 3'
check 1 --workers 2..3 -s bounded ./sized
check 0 --workers 1..2 -s bounded ./sized
says '^complete'
check 1 --workers 2..3 -s dfs ./sized
check 1 --workers 3 --policy fcfs ./sized
check 0 --workers 1..2 --policy fcfs,rr ./sized
says '^nothing found in 4 schedules'
for range in 0 0..2 3..2 1.. ..2 1...2 1..2.5 two 2000 -1; do complains 'workers' --workers="$range" "$good"; done
complains 'workers' --workers 1..2 --jitter "$good"

# Without control: it runs, and a failure is one, but there is nothing to replay.
check 0 -n 20 --jitter "$good"
says '^nothing found in 20 runs with random delays'
says '^not covered: other orders than those that happened'
build sometimes <<'P'
#include <assert.h>
#include <pthread.h>
#include <sched.h>
static volatile int first;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void* work(void* p) {
    pthread_mutex_lock(&lock);
    if (first == 0) first = 1;
    pthread_mutex_unlock(&lock);
    return p;
}
int main(void) {
    pthread_t t;
    pthread_create(&t, 0, work, 0);
    pthread_mutex_lock(&lock);
    if (first == 0) first = 2;
    pthread_mutex_unlock(&lock);
    pthread_join(t, 0);
    assert(first == 2);
    return 0;
}
P
check 1 --jitter ./sometimes
says '^assertion: assertion failed: first == 2'
says 'it cannot be replayed exactly'
[[ ! -e sometimes.replay ]] || complain "$what: there is a replay file"
check 1 --jitter --json ./sometimes
says '"kind": "assertion"'
check 1 --jitter -n 1 --hang-after 0.5 ./computes
says '^hang: the program did not end in time'
complains 'strategy' --jitter --strategy pct "$good"

# What is not covered is said, each in a line.
starts() {
    build starts <<<"#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
extern char** environ;
int main(void) { $1 }"
    check 0 -n 3 ./starts
    says '^not covered: other processes that the program starts$'
}
starts 'return system("sleep 0.1; exit 3") == 3 << 8 ? 0 : 1;'
says '^not covered: what comes from outside'
starts 'char* a[] = {"true", 0}; pid_t p; int s; return posix_spawnp(&p, "true", 0, 0, a, environ) || waitpid(p, &s, 0) != p || s;'
starts 'FILE* f = popen("echo x", "r"); int c = fgetc(f); return pclose(f) || c != 120;'
starts 'int s; pid_t p = fork(); if (p == 0) _exit(5); return wait(&s) != p || WEXITSTATUS(s) != 5;'
starts 'int s; pid_t p = vfork(); if (p == 0) _exit(5); return wait(&s) != p || WEXITSTATUS(s) != 5;'
# A timer's signal, for a handler and for sigwait; a child's, for a handler.
build timer <<'P'
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
static volatile sig_atomic_t seen;
static void note(int n) { (void)n; seen = 1; }
int main(int argc, char** argv) {
    const struct itimerval soon = {{0, 0}, {0, 20000}};
    sigset_t set;
    int n = 0;
    (void)argv;
    signal(SIGALRM, note);
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    if (argc > 1) sigprocmask(SIG_BLOCK, &set, 0);
    setitimer(ITIMER_REAL, &soon, 0);
    if (argc > 1) return sigwait(&set, &n) || n != SIGALRM;
    while (!seen) pause();
    return 0;
}
P
for way in '' --baton; do
    check 0 -n 3 $way ./timer
    says '^not covered: when signals come that timers or other processes send'
    check 0 -n 3 $way ./timer sigwait
    says '^not covered: when signals come that timers or other processes send'
done
# One that computes until its time is over makes no steps.
build until <<'P'
#include <signal.h>
#include <sys/time.h>
static volatile sig_atomic_t over;
static void note(int n) { (void)n; over = 1; }
int main(void) {
    const struct itimerval soon = {{0, 0}, {0, 20000}};
    signal(SIGALRM, note);
    setitimer(ITIMER_REAL, &soon, 0);
    for (volatile unsigned long i = 0; !over; ++i) { }
    return 0;
}
P
check 0 -n 3 ./until
says '^not covered: when signals come that timers or other processes send'
build child <<'P'
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static volatile sig_atomic_t seen;
static void note(int n) { (void)n; seen = 1; }
int main(void) {
    sigset_t set, old;
    int s;
    signal(SIGCHLD, note);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &old);
    if (fork() == 0) _exit(3);
    while (!seen) sigsuspend(&old);
    return wait(&s) < 0 || WEXITSTATUS(s) != 3;
}
P
check 0 -n 3 ./child
says '^not covered: when signals come that timers or other processes send'
check 0 -n 3 "$good"
! grep -q 'processes\|from outside\|signals come' out || complain "$what: it starts no process"

# The time ends a schedule that runs, too.
begin=$SECONDS
check 0 -t 1 ./computes
says 'nothing found in 0 schedules'
says 'before the first schedule was'
[[ $((SECONDS - begin)) -lt 4 ]] || complain "$what: took $((SECONDS - begin)) s"

# ^C: it ends at once, and so does everything that it has started.
build spins <<'P'
#include <pthread.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void* work(void* p) { for (int i = 0; i < 1000; ++i) { pthread_mutex_lock(&lock); pthread_mutex_unlock(&lock); } return p; }
int main(void) { pthread_t t; pthread_create(&t, 0, work, 0); work(0); return pthread_join(t, 0); }
P
# alive GROUP [NAME]: whether processes of it run. One that is dead and whose new parent has not noticed does not count.
# cat reads the files: it goes on behind one whose process has just ended, and not every awk does.
alive() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } |
        awk -v group="$1" -v name="${2:-}" '{ at = match($0, /\) [A-Z] /); split(substr($0, at + 2), f, " ")
            if (f[3] == group && f[1] !~ /[ZX]/ && index($0, "(" name)) n++ } END { exit n == 0 }'
}
set -m  # in a group of its own, where ^C is not ignored
"$HEDDLE" check --schedules 1000000 ./spins >out 2>err </dev/null &
job=$!
set +m
until alive "$job" spins || ! alive "$job"; do sleep 0.1; done
kill -INT -- "-$job"
status=0
wait "$job" || status=$?
what='^C'
[[ $status -eq 130 ]] || complain "^C: status $status"
[[ $(grep -c . err) -eq 1 ]] && grep -q '^heddle: interrupted$' err || complain "^C: not one line"
for _ in {1..50}; do
    alive "$job" || break
    sleep 0.1
done
! alive "$job" || complain "^C: processes are left"

exit $((failures > 0))
