// SPDX-License-Identifier: BSL-1.0
// A pipeline of threads over channels, and a select that serves whichever has something first.
#include <cstdio>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/sync/thread.hpp>

int main() {
    auto [numbers_out, numbers_in] = heddle::channel<int>(16);
    auto [squares_out, squares_in] = heddle::channel<long>(0);  // a rendezvous: nothing waits in it
    heddle::event finished;

    // A channel closes when its last sender has gone, here with the function that owns it.
    heddle::thread source([out = std::move(numbers_out)]() mutable {
        for (int i = 1; i <= 10; ++i)
            if (!out.send(i)) return;
    });
    heddle::thread worker([in = std::move(numbers_in), out = std::move(squares_out)]() mutable {
        for (const int n : in)
            if (!out.send(long{n} * n)) return;
    });
    heddle::thread watcher([&] {
        source.join();
        worker.join();
        finished.set();
    });

    long sum = 0;
    bool open = true;
    while (open)
        heddle::select(heddle::on_receive(squares_in,
                                          [&](auto square) {
                                              if (square)
                                                  sum += *square;
                                              else
                                                  open = false;
                                          }),
                       heddle::on_event(finished, [&] { open = false; }));
    std::printf("the sum of the squares is %ld\n", sum);
    return sum == 385 ? 0 : 1;
}
