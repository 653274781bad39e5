// SPDX-License-Identifier: BSL-1.0
// A promise is fulfilled in another thread, and a shared future of it is read by two.
#undef NDEBUG
#include <cassert>
#include <future>
#include <string>
#include <thread>

int main() {
    std::promise<std::string> name;
    std::promise<void> ready;
    std::future<void> is_ready = ready.get_future();
    const std::shared_future<std::string> answer = name.get_future().share();
    std::thread reader([answer, &ready] {
        ready.set_value();
        assert(answer.get() == "the answer, longer than fits in place");
    });
    std::thread writer([&name] { name.set_value("the answer, longer than fits in place"); });
    is_ready.get();
    assert(answer.get().size() == 37);
    writer.join();
    reader.join();
}
