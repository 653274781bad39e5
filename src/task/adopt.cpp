// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/thread.hpp>
#include <heddle/task/adopt.hpp>

namespace heddle::inline v0::detail {

void run_on_its_own(std::unique_ptr<errand> e) {
    pthread_t thread{};
    rt::start_thread(
        thread,
        [](void* argument) -> void* {
            rt::set_thread_name("adopting");
            const std::unique_ptr<errand> mine(static_cast<errand*>(argument));
            mine->run();
            return nullptr;
        },
        e.get(), 0);
    (void)e.release();  // the thread has it
    rt::detach_thread(thread);
}

}  // namespace heddle::inline v0::detail
