// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/poller.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <heddle/rt/worker.hpp>
#include <system_error>
#include <thread>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::clock;
using heddle::rt::deadline;
using heddle::rt::direction;
using heddle::rt::parking_lot;
using heddle::rt::poller;
using heddle::rt::readiness;
using heddle::rt::wait_any;
using heddle::rt::wait_outcome;
using heddle::rt::wait_ready;
using heddle::rt::waiter;
using heddle::rt::waiter_kind;
using heddle::rt::worker;

namespace {

const deadline at_once{clock::time_point{}};

struct socket_pair {
    socket_pair() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd.data()) != 0)
            throw std::system_error(errno, std::generic_category());
    }
    ~socket_pair() {
        for (const int f : fd)
            if (f >= 0) ::close(f);
    }
    void send(int from, char c = 'x') { ASSERT_EQ(::write(fd[static_cast<std::size_t>(from)], &c, 1), 1); }
    bool receive(int at) {
        char c = 0;
        return ::read(fd[static_cast<std::size_t>(at)], &c, 1) == 1;
    }
    void close(int which) {
        ::close(fd[static_cast<std::size_t>(which)]);
        fd[static_cast<std::size_t>(which)] = -1;
    }
    std::array<int, 2> fd{};
};

struct wake_counter : waiter {
    wake_counter() : waiter(waiter_kind::coroutine, &on_wake) {}
    static void on_wake(waiter& w, wait_outcome) noexcept { ++static_cast<wake_counter&>(w).wakes; }
    int wakes = 0;
};

}  // namespace

TEST(poller, tells_at_once_what_is_ready_when_a_file_is_added) {
    poller p;
    EXPECT_TRUE(p.empty());
    socket_pair s;
    readiness r(s.fd[0]);
    p.add(r);
    EXPECT_FALSE(p.empty());
    p.wait(at_once);
    EXPECT_TRUE(r.ready(direction::write));
    EXPECT_FALSE(r.ready(direction::read));
    p.remove(r);
    EXPECT_TRUE(p.empty());
}

TEST(poller, marks_a_file_that_can_be_read_and_wakes_who_waits_for_that) {
    poller p;
    socket_pair s;
    readiness r(s.fd[0]);
    p.add(r);
    p.wait(at_once);
    wake_counter reader;
    wake_counter writer;
    ASSERT_TRUE(parking_lot::enqueue(reader, r.address(direction::read), waiting::always));
    ASSERT_TRUE(parking_lot::enqueue(writer, r.address(direction::write), waiting::always));
    r.forget(direction::write);
    s.send(1);
    p.wait(deadline::never());
    EXPECT_TRUE(r.ready(direction::read));
    EXPECT_EQ(reader.wakes, 1);
    p.remove(r);  // and this wakes the rest
    EXPECT_EQ(writer.wakes, 1);
}

TEST(poller, reports_an_edge_once_and_again_when_more_comes) {
    poller p;
    socket_pair s;
    readiness r(s.fd[0]);
    p.add(r);
    s.send(1);
    p.wait(at_once);
    ASSERT_TRUE(r.ready(direction::read));
    r.forget(direction::read);
    p.wait(at_once);
    EXPECT_FALSE(r.ready(direction::read));  // nothing has changed
    s.send(1);
    p.wait(at_once);
    EXPECT_TRUE(r.ready(direction::read));
    p.remove(r);
}

TEST(poller, no_edge_is_lost_when_one_forgets_and_then_tries) {
    poller p;
    socket_pair s;
    readiness r(s.fd[0]);
    p.add(r);
    for (int i = 0; i < 100; ++i) {
        s.send(1);
        while (true) {
            r.forget(direction::read);
            if (s.receive(0)) break;
            while (!r.ready(direction::read)) p.wait(deadline::never());
        }
    }
    p.remove(r);
}

TEST(poller, a_hang_up_is_news_for_both_directions) {
    poller p;
    socket_pair s;
    readiness r(s.fd[0]);
    p.add(r);
    p.wait(at_once);
    r.forget(direction::write);
    s.close(1);
    p.wait(deadline::never());
    EXPECT_TRUE(r.ready(direction::read));
    EXPECT_TRUE(r.ready(direction::write));
    p.remove(r);
}

TEST(poller, waits_until_its_deadline_and_not_less) {
    poller p;
    const auto when = clock::now() + 2ms;
    while (clock::now() < when) p.wait(when);
    p.wait(deadline(clock::time_point::min()));
    p.wait(deadline::after(-1h));
}

TEST(poller, a_wake_ends_the_next_wait_or_the_present_one) {
    poller p;
    p.wake();
    p.wake();
    p.wait(deadline::never());
    std::thread other([&] { p.wake(); });
    p.wait(deadline::never());
    other.join();
}

TEST(poller, refuses_what_cannot_be_polled_and_names_it) {
    poller p;
    const int file = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(file, 0);
    readiness r(file);
    try {
        p.add(r);
        ADD_FAILURE() << "a regular file was accepted";
    } catch (const std::system_error& e) {
        EXPECT_NE(std::string(e.what()).find("file descriptor"), std::string::npos);
    }
    EXPECT_TRUE(p.empty());
    ::close(file);
}

TEST(poller, of_a_worker_wakes_it_for_files_and_for_posts) {
    worker w;
    socket_pair s;
    readiness r(s.fd[0]);
    bool done = false;
    struct reader : waiter {
        explicit reader(bool& d) : waiter(waiter_kind::coroutine, &on_wake), done(d) {}
        static void on_wake(waiter& self, wait_outcome) noexcept { static_cast<reader&>(self).done = true; }
        bool& done;
    } waits(done);
    std::atomic<bool> posted{false};
    waiting::step step([&] { posted = true; });
    std::thread other;
    waiting::run_on(w, done, [&] {
        w.watch(r);
        EXPECT_EQ(r.home(), &w);
        ASSERT_TRUE(parking_lot::enqueue(waits, r.address(direction::read), waiting::always));
        other = std::thread([&] {
            w.post(step);
            waiting::until([&] { return posted.load(); });
            s.send(1);
        });
    });
    other.join();
    EXPECT_TRUE(r.ready(direction::read));
    w.unwatch(r);
    EXPECT_EQ(r.home(), nullptr);
}

TEST(poller, of_a_worker_lets_go_of_its_files_when_the_worker_ends) {
    socket_pair s;
    readiness a(s.fd[0]);
    readiness b(s.fd[1]);
    {
        worker w;
        w.watch(a);
        w.watch(b);
        EXPECT_EQ(a.home(), &w);
    }
    EXPECT_EQ(a.home(), nullptr);
    EXPECT_EQ(b.home(), nullptr);
}

TEST(wait_ready, returns_when_the_file_is_ready_or_hung_up) {
    socket_pair s;
    EXPECT_TRUE(wait_ready(s.fd[0], direction::write));
    std::thread other([&] { s.send(1); });
    EXPECT_TRUE(wait_ready(s.fd[0], direction::read));
    other.join();
    EXPECT_TRUE(s.receive(0));
    s.close(1);
    EXPECT_TRUE(wait_ready(s.fd[0], direction::read));
}

TEST(wait_ready, gives_up_at_its_deadline_and_not_before) {
    socket_pair s;
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(wait_ready(s.fd[0], direction::read, when));
    EXPECT_GE(clock::now(), when);
    EXPECT_FALSE(wait_ready(s.fd[0], direction::read, deadline::after(-1s)));
    EXPECT_FALSE(wait_ready(s.fd[0], direction::read, deadline(clock::time_point::min())));
}

TEST(wait_ready, with_a_deadline_in_the_past_still_sees_what_is_ready) {
    socket_pair s;
    EXPECT_TRUE(wait_ready(s.fd[0], direction::write, deadline::after(-1s)));
}

TEST(wait_any, gives_the_index_of_the_one_that_is_ready) {
    socket_pair a;
    socket_pair b;
    b.send(1);
    const std::array<int, 2> both{a.fd[0], b.fd[0]};
    EXPECT_EQ(wait_any(both), 1U);
    a.close(1);
    EXPECT_EQ(wait_any(both), 0U);
}
