// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/fiber.hpp>

#include <gtest/gtest.h>
#include <unwind.h>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include "lambda_fiber.hpp"

using fiber_tests::call;
using fiber_tests::lambda_fiber;
using fiber_tests::suspend_here;
using heddle::rt::fiber;
using heddle::rt::fiber_options;

TEST(fiber, runs_when_it_is_resumed_and_not_before) {
    std::string trace;
    lambda_fiber f([&] { trace += "b"; });
    trace += "a";
    EXPECT_FALSE(f->finished());
    EXPECT_TRUE(f->resume());
    trace += "c";
    EXPECT_EQ(trace, "abc");
    EXPECT_TRUE(f->finished());
}

TEST(fiber, goes_on_after_a_suspend_where_it_was) {
    std::string trace;
    lambda_fiber f([&] {
        for (char c = 'a'; c < 'e'; ++c) {
            trace += c;
            suspend_here();
        }
    });
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(f->resume());
        trace += '.';
    }
    EXPECT_TRUE(f->resume());
    EXPECT_EQ(trace, "a.b.c.d.");
}

TEST(fiber, that_never_ran_can_be_destroyed) {
    lambda_fiber f([] { FAIL(); });
}

TEST(fiber, current_is_the_running_fiber_and_null_outside) {
    fiber* seen = nullptr;
    fiber* seen_after = nullptr;
    lambda_fiber f([&] {
        seen = fiber::current();
        suspend_here();
        seen_after = fiber::current();
    });
    EXPECT_EQ(fiber::current(), nullptr);
    f->resume();
    EXPECT_EQ(fiber::current(), nullptr);
    f->resume();
    EXPECT_EQ(seen, f.get());
    EXPECT_EQ(seen_after, f.get());
}

TEST(fiber, may_resume_another_fiber) {
    std::string trace;
    lambda_fiber inner([&] {
        trace += "i1 ";
        suspend_here();
        trace += "i2 ";
    });
    lambda_fiber outer([&] {
        inner->resume();
        EXPECT_EQ(fiber::current(), outer.get());
        trace += "o1 ";
        suspend_here();
        EXPECT_TRUE(inner->resume());
        trace += "o2 ";
    });
    outer->resume();
    trace += "m ";
    outer->resume();
    EXPECT_EQ(trace, "i1 o1 m i2 o2 ");
}

TEST(fiber, the_callback_of_a_suspend_runs_outside_the_fiber_with_its_argument) {
    struct seen {
        fiber* current = nullptr;
        int calls = 0;
    } s;
    s.current = reinterpret_cast<fiber*>(&s);  // anything but null
    lambda_fiber f([&] {
        fiber::suspend(
            [](void* p) noexcept {
                static_cast<seen*>(p)->current = fiber::current();
                ++static_cast<seen*>(p)->calls;
            },
            &s);
    });
    f->resume();
    EXPECT_EQ(s.current, nullptr);
    EXPECT_EQ(s.calls, 1);
    f->resume();
    EXPECT_EQ(s.calls, 1);
}

TEST(fiber, the_callback_of_a_suspend_may_run_the_fiber_to_its_end_and_destroy_it) {
    bool ended = false;
    std::function<void()> body = [&] {
        fiber::suspend(
            [](void* p) noexcept {
                auto* const f = static_cast<fiber*>(p);
                EXPECT_TRUE(f->resume());
                delete f;
            },
            fiber::current());
        ended = true;
    };
    EXPECT_FALSE((new fiber({}, call, &body))->resume());
    EXPECT_TRUE(ended);
}

TEST(fiber, registers_survive_a_switch) {
    // More live values than there are callee-saved registers, integers and floating point.
    const auto work = [](std::uint64_t seed) {
        std::uint64_t a = seed, b = seed * 3, c = seed * 5, d = seed * 7, e = seed * 11, g = seed * 13,
                      h = seed * 17;
        double x = static_cast<double>(seed), y = x * 0.5;
        for (int i = 0; i < 100; ++i) {
            if (fiber::current() != nullptr) suspend_here();
            a += b ^ c;
            b += c ^ d;
            c += d ^ e;
            d += e ^ g;
            e += g ^ h;
            g += h ^ a;
            h += a ^ b;
            x = x * 0.75 + y;
            y = y * 0.5 + static_cast<double>(a & 0xff);
        }
        return std::pair(a ^ b ^ c ^ d ^ e ^ g ^ h, x + y);
    };
    decltype(work(1)) results[2];
    lambda_fiber one([&] { results[0] = work(42); });
    lambda_fiber two([&] { results[1] = work(43); });
    while (!one->finished() || !two->finished()) {
        if (!one->finished()) one->resume();
        if (!two->finished()) two->resume();
    }
    EXPECT_EQ(results[0], work(42));
    EXPECT_EQ(results[1], work(43));
}

TEST(fiber, its_stack_is_aligned_for_vector_instructions) {
    lambda_fiber f([] {
        alignas(16) volatile char buffer[16] = {};
        alignas(64) volatile char wide[64] = {};
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&buffer) % 16, 0u);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&wide) % 64, 0u);
        char text[64];
        std::snprintf(text, sizeof text, "%.3f", 1.5);  // libc uses movaps on its frame here
        EXPECT_STREQ(text, "1.500");
    });
    f.finish();
}

TEST(fiber, an_exception_is_thrown_and_caught_inside) {
    std::string caught;
    lambda_fiber f([&] {
        try {
            suspend_here();
            throw std::runtime_error("inside");
        } catch (const std::exception& e) {
            caught = e.what();
        }
    });
    f.finish();
    EXPECT_EQ(caught, "inside");
}

TEST(fiber, two_suspended_inside_catch_blocks_rethrow_their_own) {
    std::string caught[2];
    const auto body = [&](int i) {
        return [&caught, i] {
            try {
                try {
                    throw std::runtime_error("exception of " + std::to_string(i));
                } catch (...) {
                    suspend_here();
                    EXPECT_EQ(std::uncaught_exceptions(), 0);
                    throw;
                }
            } catch (const std::runtime_error& e) {
                suspend_here();
                caught[i] = e.what();
            }
            EXPECT_EQ(std::current_exception(), nullptr);
        };
    };
    lambda_fiber one(body(0)), two(body(1));
    one->resume();
    two->resume();
    EXPECT_EQ(std::current_exception(), nullptr);
    one->resume();  // in the order that a list shared by both could not stand
    two->resume();
    one->resume();
    two->resume();
    EXPECT_EQ(caught[0], "exception of 0");
    EXPECT_EQ(caught[1], "exception of 1");
}

TEST(fiber, one_suspended_during_unwinding_keeps_its_count_of_uncaught_exceptions) {
    struct suspender {
        int& seen;
        ~suspender() {
            suspend_here();
            seen = std::uncaught_exceptions();
        }
    };
    int seen = -1;
    lambda_fiber f([&] {
        try {
            suspender s{seen};
            throw 1;
        } catch (int) {
        }
        EXPECT_EQ(std::uncaught_exceptions(), 0);
    });
    f->resume();
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    f->resume();
    EXPECT_EQ(seen, 1);
}

TEST(fiber, resumed_inside_a_catch_block_does_not_see_the_resumers_exception) {
    lambda_fiber f([] { EXPECT_EQ(std::current_exception(), nullptr); });
    try {
        throw std::runtime_error("of the resumer");
    } catch (const std::exception&) {
        f.finish();
        EXPECT_NE(std::current_exception(), nullptr);
        try {
            throw;
        } catch (const std::exception& e) {
            EXPECT_STREQ(e.what(), "of the resumer");
        }
    }
}

TEST(fiber, an_unwinder_stops_at_its_entry) {
    struct walk {
        int frames = 0;
        _Unwind_Reason_Code end = _URC_NO_REASON;
    } w;
    lambda_fiber f([&] {
        w.end = _Unwind_Backtrace(
            [](_Unwind_Context*, void* p) {
                return ++static_cast<walk*>(p)->frames < 1000 ? _URC_NO_REASON : _URC_NORMAL_STOP;
            },
            &w);
    });
    f.finish();
    EXPECT_EQ(w.end, _URC_END_OF_STACK);
    EXPECT_GT(w.frames, 2);
    EXPECT_LT(w.frames, 30);
}

TEST(fiber, suspended_on_one_thread_goes_on_on_another) {
    std::vector<int> ran_on;
    int running =
        -1;  // said by the thread itself: a compiler may ask only once for a thread's id in one function
    std::string caught;
    int sum = 0;
    lambda_fiber f([&] {
        const auto here = std::make_unique<int>(1);
        try {
            throw std::runtime_error("carried along");
        } catch (const std::exception&) {
            for (int i = 0; i < 100; ++i) {
                ran_on.push_back(running);
                sum += *here;
                suspend_here();
            }
            try {
                throw;
            } catch (const std::exception& e) {
                caught = e.what();
            }
        }
    });
    std::binary_semaphore turn[2] = {std::binary_semaphore(1), std::binary_semaphore(0)};
    bool ended = false;
    const auto run = [&](int me) {
        for (;;) {
            turn[me].acquire();
            running = me;
            if (!ended) ended = f->resume();
            const bool stop = ended;
            turn[1 - me].release();
            if (stop) return;
        }
    };
    std::thread one(run, 0), two(run, 1);
    one.join();
    two.join();
    EXPECT_EQ(sum, 100);
    EXPECT_EQ(caught, "carried along");
    ASSERT_EQ(ran_on.size(), 100u);
    EXPECT_NE(ran_on[0], ran_on[1]);
    EXPECT_EQ(ran_on[0], ran_on[2]);
}

TEST(fiber, is_published_by_the_callback_to_a_thread_that_waits_for_it) {
    // The other thread spins for the fiber and resumes it at once: it must find the stack no longer in use.
    std::atomic<fiber*> published{nullptr};
    std::atomic<bool> done{false};
    constexpr int rounds = 2000;
    int count = 0;
    struct slot {
        std::atomic<fiber*>* published;
        fiber* self;
    };
    lambda_fiber f([&] {
        slot s{&published, fiber::current()};
        for (int i = 0; i < rounds; ++i) {
            ++count;
            fiber::suspend(
                [](void* p) noexcept {
                    const slot copy = *static_cast<slot*>(p);
                    copy.published->store(copy.self, std::memory_order_release);
                },
                &s);
        }
    });
    const auto worker = [&] {
        while (!done.load(std::memory_order_acquire)) {
            fiber* const next = published.exchange(nullptr, std::memory_order_acquire);
            if (next == nullptr)
                std::this_thread::yield();
            else if (next->resume())
                done.store(true, std::memory_order_release);
        }
    };
    published.store(f.get(), std::memory_order_release);
    std::thread one(worker), two(worker);
    one.join();
    two.join();
    EXPECT_EQ(count, rounds);
}
