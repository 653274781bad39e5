// SPDX-License-Identifier: BSL-1.0
// Reading by stdio from what may wait: pipes, sockets, terminals. libc would wait inside, with all threads. So
// what is asked of it is never more than what is there already.

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "engine.hpp"
#include "model_file.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(FILE*)> real_getc("getc");
HEDDLE_REAL real_function<int(FILE*)> real_uflow("__uflow");
HEDDLE_REAL real_function<int(FILE*)> real_underflow("__underflow");
HEDDLE_REAL real_function<char*(char*, int, FILE*)> real_fgets("fgets");
HEDDLE_REAL real_function<size_t(void*, size_t, size_t, FILE*)> real_fread("fread");
HEDDLE_REAL real_function<ssize_t(char**, size_t*, int, FILE*)> real_getdelim("getdelim");
HEDDLE_REAL real_function<int(FILE*, const char*, va_list)> real_vfscanf("__isoc99_vfscanf");
HEDDLE_REAL real_function<char*(char*, size_t, int, FILE*)> real_fgets_checked("__fgets_chk");
HEDDLE_REAL real_function<size_t(void*, size_t, size_t, size_t, FILE*)> real_fread_checked("__fread_chk");

std::size_t buffered(const FILE* f) noexcept {
    return static_cast<std::size_t>(f->_IO_read_end - f->_IO_read_ptr);
}

// The thread that would wait in there, null if nobody would: it is not controlled, may not be interrupted, or
// the file never waits.
thread* who_would_wait(FILE* f) noexcept {
    thread* const me = controlled();
    if (me == nullptr || me->undivided > 0) return nullptr;
    struct stat about {};
    const int fd = ::fileno_unlocked(f);
    if (fd < 0 || ::fstat(fd, &about) != 0) return nullptr;
    return S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode) || S_ISCHR(about.st_mode) ? me : nullptr;
}

// Another thread may have filled the buffer meanwhile.
bool input_ready(const thread& t) noexcept {
    FILE* const f = reinterpret_cast<FILE*>(t.pending.value);
    pollfd file{::fileno_unlocked(f), POLLIN, 0};
    return buffered(f) > 0 || system_call(SYS_poll, reinterpret_cast<long>(&file), 1, 0) > 0;
}

// Until there is something to take, or the end. @return false if a signal's handler has ended the wait
bool wait_for_input(thread& me, FILE* f, const void* pc) {
    if (buffered(f) > 0) return true;
    begin_interruptible(me, pc);
    if (wait_for_outside(me, &input_ready, f, interruption::unless_restarted, never, pc)) {
        note_received(me, ::fileno_unlocked(f));
        return true;
    }
    f->_flags |= _IO_ERR_SEEN;
    return false;
}

int next_character(thread& me, FILE* f, const void* pc) {
    return wait_for_input(me, f, pc) ? real_getc(f) : EOF;
}

// A call that takes one character or looks at it.
int one_character(FILE* f, real_function<int(FILE*)>& real, const void* pc) {
    thread* const me = who_would_wait(f);
    return me == nullptr || wait_for_input(*me, f, pc) ? real(f) : EOF;
}

char* read_line(char* out, int size, FILE* f, const void* pc) {
    thread* const me = who_would_wait(f);
    if (me == nullptr || size <= 1) return real_fgets(out, size, f);
    int n = 0;
    while (n < size - 1) {
        const int c = next_character(*me, f, pc);
        if (c == EOF) break;
        out[n++] = static_cast<char>(c);
        if (c == '\n') break;
    }
    if (n == 0 || ::ferror_unlocked(f)) return nullptr;
    out[n] = '\0';
    return out;
}

std::size_t read_items(void* out, std::size_t size, std::size_t count, FILE* f, const void* pc) {
    thread* const me = who_would_wait(f);
    std::size_t bytes = 0;
    if (me == nullptr || size == 0 || __builtin_mul_overflow(size, count, &bytes))
        return real_fread(out, size, count, f);
    std::size_t taken = 0;
    while (taken < bytes && wait_for_input(*me, f, pc)) {
        std::size_t here = buffered(f);
        int more = 0;
        if (here == 0 && ::ioctl(::fileno_unlocked(f), FIONREAD, &more) == 0) here = static_cast<std::size_t>(more);
        // At the end nothing is there, and one is what finds that out.
        const std::size_t asked = here == 0 ? 1 : here < bytes - taken ? here : bytes - taken;
        const std::size_t got = real_fread(static_cast<char*>(out) + taken, 1, asked, f);
        taken += got;
        if (got < asked) break;
    }
    return taken / size;
}

ssize_t read_up_to(char** line, size_t* room, int end, FILE* f, const void* pc) {
    thread* const me = who_would_wait(f);
    if (me == nullptr || line == nullptr || room == nullptr) return real_getdelim(line, room, end, f);
    if (*line == nullptr) *room = 0;
    std::size_t n = 0;
    for (int c = 0; c != end;) {
        c = next_character(*me, f, pc);
        if (c == EOF) break;
        if (n + 2 > *room) {
            const std::size_t larger = *room < 60 ? 120 : *room * 2;
            char* const moved = static_cast<char*>(::realloc(*line, larger));
            if (moved == nullptr) return -1;
            *line = moved;
            *room = larger;
        }
        (*line)[n++] = static_cast<char>(c);
    }
    if (n == 0 || ::ferror_unlocked(f)) return -1;
    (*line)[n] = '\0';
    return static_cast<ssize_t>(n);
}

// What it takes is not known before: the first wait is ours, another is libc's.
int scan(FILE* f, const char* format, va_list arguments, const void* pc) {
    thread* const me = who_would_wait(f);
    return me == nullptr || wait_for_input(*me, f, pc) ? real_vfscanf(f, format, arguments) : EOF;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

// By their symbols: libc's headers define some of these names as inline functions or macros.
#define HEDDLE_ONE_CHARACTER(NAME)                                       \
    HEDDLE_INTERPOSED int heddle_check_##NAME(FILE* f) __asm__(#NAME);   \
    int heddle_check_##NAME(FILE* f) {                                   \
        return one_character(f, real_getc, HEDDLE_RETURN_ADDRESS);       \
    }
#define HEDDLE_ONE_OF_STANDARD_INPUT(NAME)                               \
    HEDDLE_INTERPOSED int heddle_check_##NAME() __asm__(#NAME);          \
    int heddle_check_##NAME() {                                          \
        return one_character(stdin, real_getc, HEDDLE_RETURN_ADDRESS);   \
    }

HEDDLE_ONE_CHARACTER(getc)
HEDDLE_ONE_CHARACTER(fgetc)
HEDDLE_ONE_CHARACTER(_IO_getc)
HEDDLE_ONE_CHARACTER(getc_unlocked)
HEDDLE_ONE_CHARACTER(fgetc_unlocked)
HEDDLE_ONE_OF_STANDARD_INPUT(getchar)
HEDDLE_ONE_OF_STANDARD_INPUT(getchar_unlocked)

// What the inline forms of those call when the buffer is empty.
HEDDLE_INTERPOSED int __uflow(FILE* f) {
    return one_character(f, real_uflow, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int __underflow(FILE* f) {
    return one_character(f, real_underflow, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED char* fgets(char* out, int size, FILE* f) {
    return read_line(out, size, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED char* fgets_unlocked(char* out, int size, FILE* f) {
    return read_line(out, size, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED size_t fread(void* out, size_t size, size_t count, FILE* f) {
    return read_items(out, size, count, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED size_t fread_unlocked(void* out, size_t size, size_t count, FILE* f) {
    return read_items(out, size, count, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED ssize_t getdelim(char** line, size_t* room, int end, FILE* f) {
    return read_up_to(line, room, end, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED ssize_t __getdelim(char** line, size_t* room, int end, FILE* f) {
    return read_up_to(line, room, end, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED ssize_t heddle_check_getline(char** line, size_t* room, FILE* f) __asm__("getline");
ssize_t heddle_check_getline(char** line, size_t* room, FILE* f) {
    return read_up_to(line, room, '\n', f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int __isoc99_vfscanf(FILE* f, const char* format, va_list arguments) {
    return scan(f, format, arguments, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED int __isoc99_fscanf(FILE* f, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int n = scan(f, format, arguments, HEDDLE_RETURN_ADDRESS);
    va_end(arguments);
    return n;
}

HEDDLE_INTERPOSED int __isoc99_scanf(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const int n = scan(stdin, format, arguments, HEDDLE_RETURN_ADDRESS);
    va_end(arguments);
    return n;
}

// The forms of _FORTIFY_SOURCE, with the room that there is: libc ends the program itself.

HEDDLE_INTERPOSED char* __fgets_chk(char* out, size_t room, int size, FILE* f) {
    if (size > 0 && static_cast<size_t>(size) > room) return real_fgets_checked(out, room, size, f);
    return read_line(out, size, f, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED size_t __fread_chk(void* out, size_t room, size_t size, size_t count, FILE* f) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(size, count, &bytes) || bytes > room)
        return real_fread_checked(out, room, size, count, f);
    return read_items(out, size, count, f, HEDDLE_RETURN_ADDRESS);
}
