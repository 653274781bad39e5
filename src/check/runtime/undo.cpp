// SPDX-License-Identifier: BSL-1.0
#include "undo.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#if defined(__x86_64__)

namespace heddle::inline v0::check::runtime {

namespace {

constexpr watch_answer not_made{false, 0};

watch_answer made(const watched_call& c) noexcept {
    const long* const a = c.arguments;
    return {true, unwatched_call(c.number, a[0], a[1], a[2], a[3], a[4], a[5])};
}

template <class T> long address(T* p) noexcept {
    return reinterpret_cast<long>(p);
}

bool leaves_nothing(const watched_call& c) noexcept {
    switch (c.number) {
        // Of any file: where it is in a file, and what is in it, is not the process's.
        case SYS_read:
        case SYS_write:
        case SYS_readv:
        case SYS_writev:
        case SYS_pread64:
        case SYS_pwrite64:
        case SYS_lseek:
        case SYS_fstat:
        case SYS_fsync:
        case SYS_fdatasync:
        case SYS_ftruncate:
        case SYS_getdents64:
        case SYS_sendto:
        case SYS_recvfrom:
        case SYS_sendmsg:
        case SYS_getsockname:
        case SYS_getpeername:
        case SYS_getsockopt:
        case SYS_flock:
        case SYS_poll:
        case SYS_select:
        case SYS_epoll_wait:
        case SYS_preadv:
        case SYS_pwritev:
        case SYS_fadvise64:
        case SYS_fallocate:
        case SYS_fstatfs:
        // Of the file system.
        case SYS_stat:
        case SYS_lstat:
        case SYS_newfstatat:
        case SYS_statx:
        case SYS_access:
        case SYS_faccessat:
        case SYS_faccessat2:
        case SYS_readlink:
        case SYS_readlinkat:
        case SYS_getcwd:
        case SYS_statfs:
        case SYS_mkdirat:
        case SYS_renameat:
        case SYS_renameat2:
        case SYS_mkdir:
        case SYS_rmdir:
        case SYS_unlink:
        case SYS_unlinkat:
        case SYS_rename:
        // Questions.
        case SYS_getpid:
        case SYS_gettid:
        case SYS_getppid:
        case SYS_getuid:
        case SYS_geteuid:
        case SYS_getgid:
        case SYS_getegid:
        case SYS_clock_gettime:
        case SYS_clock_getres:
        case SYS_gettimeofday:
        case SYS_time:
        case SYS_times:
        case SYS_getcpu:
        case SYS_getrandom:
        case SYS_getrusage:
        case SYS_getrlimit:
        case SYS_sysinfo:
        case SYS_uname:
        case SYS_sched_getaffinity:
        case SYS_sched_getscheduler:
        case SYS_sched_getparam:
        case SYS_getpriority:
        case SYS_rt_sigpending:
        // Time.
        case SYS_sched_yield:
        case SYS_nanosleep:
        case SYS_clock_nanosleep:
            return true;
        case SYS_ppoll:  // these have masks
            return c.arguments[3] == 0;
        case SYS_epoll_pwait:
            return c.arguments[4] == 0;
        case SYS_pselect6:
            return c.arguments[5] == 0 || *reinterpret_cast<const long*>(c.arguments[5]) == 0;
        case SYS_recvmsg:  // with which files may come
            return reinterpret_cast<const msghdr*>(c.arguments[1])->msg_control == nullptr;
        case SYS_prlimit64:
            return c.arguments[2] == 0;
        case SYS_ioctl:
            return c.arguments[1] == TCGETS || c.arguments[1] == FIONREAD;
        case SYS_futex:  // nobody is there to wait
            return (c.arguments[1] & FUTEX_CMD_MASK) == FUTEX_WAKE;
        default:
            return false;
    }
}

}  // namespace

bool undo_list::holds(long begin, long size) const noexcept {
    const auto from = static_cast<std::uintptr_t>(begin);
    const std::uintptr_t to = from + static_cast<std::uintptr_t>(size);
    for (unsigned i = 0; i < n_spans_; ++i)
        if (spans_[i].begin <= from && from <= to && to <= spans_[i].end) return true;
    return false;
}

bool undo_list::holds_file(long fd) const noexcept {
    for (unsigned i = 0; i < n_files_; ++i)
        if (files_[i] == static_cast<std::int32_t>(fd)) return true;
    return false;
}

watch_answer undo_list::map(const watched_call& c) noexcept {
    const long* const a = c.arguments;
    if ((a[3] & (MAP_FIXED | MAP_FIXED_NOREPLACE | MAP_GROWSDOWN)) != 0)
        return holds(a[0], a[1]) ? made(c) : not_made;
    if (n_spans_ == max_spans || (a[3] & MAP_HUGETLB) != 0) return not_made;
    const watch_answer answer = made(c);
    if (answer.result > 0 || answer.result < -4095) {
        const auto begin = static_cast<std::uintptr_t>(answer.result);
        const std::uintptr_t pages = (static_cast<std::uintptr_t>(a[1]) + page_size - 1) / page_size;
        spans_[n_spans_++] = {begin, begin + pages * page_size};
    }
    return answer;
}

watch_answer undo_list::unmap(const watched_call& c) noexcept {
    if (!holds(c.arguments[0], c.arguments[1])) return not_made;
    const auto begin = static_cast<std::uintptr_t>(c.arguments[0]);
    for (unsigned i = 0; i < n_spans_; ++i)
        if (spans_[i].begin == begin &&
            spans_[i].end - begin < static_cast<std::uintptr_t>(c.arguments[1]) + page_size)
            spans_[i] = spans_[--n_spans_];
    return made(c);
}

watch_answer undo_list::make_file(const watched_call& c) noexcept {
    if (n_files_ == max_files) return not_made;
    const watch_answer answer = made(c);
    if (answer.result >= 0) files_[n_files_++] = static_cast<std::int32_t>(answer.result);
    return answer;
}

watch_answer undo_list::make_two_files(const watched_call& c, long array) noexcept {
    if (n_files_ + 2 > max_files) return not_made;
    const watch_answer answer = made(c);
    if (answer.result == 0)
        for (int i = 0; i < 2; ++i) files_[n_files_++] = reinterpret_cast<const std::int32_t*>(array)[i];
    return answer;
}

watch_answer undo_list::close(const watched_call& c) noexcept {
    for (unsigned i = 0; i < n_files_; ++i) {
        if (files_[i] != static_cast<std::int32_t>(c.arguments[0])) continue;
        files_[i] = files_[--n_files_];
        return made(c);
    }
    return not_made;
}

watch_answer undo_list::set_action(const watched_call& c) noexcept {
    const long number = c.arguments[0];
    if (c.arguments[1] == 0) return made(c);
    if (number < 1 || number > n_signals || number == SIGSYS) return not_made;
    const std::uint64_t bit = bit_of_signal(static_cast<int>(number));
    if ((changed_actions_ & bit) == 0) {
        unwatched_call(SYS_rt_sigaction, number, 0, address(&actions_[number - 1]), sizeof(std::uint64_t));
        changed_actions_ |= bit;
    }
    kernel_action wanted = *reinterpret_cast<const kernel_action*>(c.arguments[1]);
    wanted.mask &= ~bit_of_signal(SIGSYS);
    return {true, unwatched_call(SYS_rt_sigaction, number, address(&wanted), c.arguments[2], c.arguments[3])};
}

watch_answer undo_list::control_process(const watched_call& c) noexcept {
    if (c.arguments[0] == PR_GET_NAME) return made(c);
    if (c.arguments[0] != PR_SET_NAME) return not_made;
    if (!renamed_) unwatched_call(SYS_prctl, PR_GET_NAME, address(name_));
    renamed_ = true;
    return made(c);
}

watch_answer undo_list::make(const watched_call& c) noexcept {
    if (leaves_nothing(c)) return made(c);
    switch (c.number) {
        case SYS_mmap:
            return map(c);
        case SYS_munmap:
            return unmap(c);
        case SYS_mprotect:
        case SYS_madvise:
            return holds(c.arguments[0], c.arguments[1]) ? made(c) : not_made;
        case SYS_open:
        case SYS_openat:
        case SYS_creat:
        case SYS_dup:
        case SYS_epoll_create:
        case SYS_epoll_create1:
        case SYS_eventfd:
        case SYS_eventfd2:
        case SYS_timerfd_create:
        case SYS_memfd_create:
        case SYS_socket:
        case SYS_accept:
        case SYS_accept4:
            return make_file(c);
        case SYS_pipe:
        case SYS_pipe2:
            return make_two_files(c, c.arguments[0]);
        case SYS_socketpair:
            return make_two_files(c, c.arguments[3]);
        case SYS_close:
            return close(c);
        // Of a file that is closed in the end.
        case SYS_epoll_ctl:
        case SYS_timerfd_settime:
        case SYS_timerfd_gettime:
        case SYS_bind:
        case SYS_listen:
        case SYS_connect:
        case SYS_shutdown:
        case SYS_setsockopt:
        case SYS_ioctl:
            return holds_file(c.arguments[0]) ? made(c) : not_made;
        case SYS_fcntl:
            if (c.arguments[1] == F_DUPFD || c.arguments[1] == F_DUPFD_CLOEXEC) return make_file(c);
            return c.arguments[1] == F_GETFL || c.arguments[1] == F_GETFD || holds_file(c.arguments[0])
                       ? made(c)
                       : not_made;
        case SYS_rt_sigaction:
            return set_action(c);
        case SYS_prctl:
            return control_process(c);
        default:
            return not_made;
    }
}

void undo_list::undo() noexcept {
    for (unsigned i = 0; i < n_spans_; ++i)
        unwatched_call(SYS_munmap, static_cast<long>(spans_[i].begin),
                       static_cast<long>(spans_[i].end - spans_[i].begin));
    n_spans_ = 0;
    for (unsigned i = 0; i < n_files_; ++i) unwatched_call(SYS_close, files_[i]);
    n_files_ = 0;
    for (int number = 1; number <= n_signals; ++number)
        if ((changed_actions_ & bit_of_signal(number)) != 0)
            unwatched_call(SYS_rt_sigaction, number, address(&actions_[number - 1]), 0,
                           sizeof(std::uint64_t));
    changed_actions_ = 0;
    if (renamed_) unwatched_call(SYS_prctl, PR_SET_NAME, address(name_));
    renamed_ = false;
}

}  // namespace heddle::inline v0::check::runtime

#endif
