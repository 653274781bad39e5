// SPDX-License-Identifier: BSL-1.0
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <heddle/rt/error.hpp>
#include <heddle/rt/poller.hpp>
#include <vector>

namespace heddle::inline v0::rt {

namespace {

timespec remaining(deadline until) noexcept {
    const auto now = clock::now();
    // Compared first: the distance to a moment far in the past cannot be represented.
    const auto left = until.when() <= now ? clock::duration::zero() : until.when() - now;
    return {static_cast<time_t>(left.count() / 1'000'000'000),
            static_cast<long>(left.count() % 1'000'000'000)};
}

int wait_for_events(int epoll, std::span<epoll_event> events, const timespec& left) noexcept {
    const int room = static_cast<int>(events.size());
    if (left.tv_sec == 0 && left.tv_nsec == 0) return ::epoll_wait(epoll, events.data(), room, 0);
    const int n = ::epoll_pwait2(epoll, events.data(), room, &left, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    // A kernel before 5.11: whole milliseconds, rounded up so as not to look again too early.
    constexpr time_t long_enough = 1'000'000;
    const auto ms = std::min(left.tv_sec, long_enough) * 1000 + (left.tv_nsec + 999'999) / 1'000'000;
    return ::epoll_wait(epoll, events.data(), room, static_cast<int>(ms));
}

}  // namespace

poller::poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    int failed = epoll_ < 0 || event_ < 0 ? errno : 0;
    if (failed == 0) {
        epoll_event e{};
        e.events = EPOLLIN;
        e.data.ptr = nullptr;  // null stands for the eventfd
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &e) != 0) failed = errno;
    }
    if (failed == 0) return;
    if (epoll_ >= 0) ::close(epoll_);
    if (event_ >= 0) ::close(event_);
    throw_system_error(failed, "cannot create an epoll instance");
}

poller::~poller() {
    ::close(event_);
    ::close(epoll_);
}

void poller::add(readiness& r) {
    epoll_event e{};
    e.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    e.data.ptr = &r;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, r.fd(), &e) != 0)
        throw_system_error(errno, "cannot watch file descriptor " + std::to_string(r.fd()));
    ++files_;
}

void poller::remove(readiness& r) noexcept {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, r.fd(), nullptr);
    --files_;
    for (const auto d : {direction::read, direction::write}) {
        r.flag(d).store(true, std::memory_order_relaxed);
        parking_lot::unpark_all(r.address(d));
    }
}

void poller::wait(deadline until) noexcept {
    std::array<epoll_event, 128> events;  // bounds one batch, so that timers and other work get their turn
    int n = -1;
    if (until.is_never()) {
        n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    } else {
        n = wait_for_events(epoll_, events, remaining(until));
    }
    for (int i = 0; i < n; ++i) {
        const epoll_event& e = events[static_cast<std::size_t>(i)];
        if (e.data.ptr == nullptr) {
            std::uint64_t count = 0;
            [[maybe_unused]] const auto r = ::read(event_, &count, sizeof count);
            continue;
        }
        auto& file = *static_cast<readiness*>(e.data.ptr);
        // An error or hang-up is news for both sides: the system call that follows will say what it was.
        const bool broken = (e.events & (EPOLLERR | EPOLLHUP)) != 0;
        const auto mark = [&](direction d, std::uint32_t mask) {
            if (!broken && (e.events & mask) == 0) return;
            file.flag(d).store(true, std::memory_order_relaxed);
            parking_lot::unpark_all(file.address(d));
        };
        mark(direction::read, EPOLLIN | EPOLLRDHUP);
        mark(direction::write, EPOLLOUT);
    }
}

void poller::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto r = ::write(event_, &one, sizeof one);
}

bool wait_ready(int fd, direction d, deadline until) {
    pollfd p{fd, static_cast<short>(d == direction::read ? POLLIN : POLLOUT), 0};
    for (;;) {
        timespec left{};
        if (!until.is_never()) left = remaining(until);
        const int n = ::ppoll(&p, 1, until.is_never() ? nullptr : &left, nullptr);
        if (n > 0) return true;
        if (n == 0 && until.expired()) return false;
        if (n < 0 && errno != EINTR)
            throw_system_error(errno, "cannot wait for file descriptor " + std::to_string(fd));
    }
}

std::size_t wait_any(std::span<const int> fds) {
    std::vector<pollfd> polled;
    for (const int fd : fds) polled.push_back({fd, POLLIN, 0});
    for (;;) {
        const int n = ::ppoll(polled.data(), polled.size(), nullptr, nullptr);
        if (n < 0 && errno != EINTR) throw_system_error(errno, "cannot wait for file descriptors");
        for (std::size_t i = 0; n > 0 && i < polled.size(); ++i)
            if (polled[i].revents != 0) return i;
    }
}

}  // namespace heddle::inline v0::rt
