// SPDX-License-Identifier: BSL-1.0
// expects: crash
// The pointer is tested under the lock, and used under another hold of it.
#include <mutex>
#include <thread>

namespace {
struct connection {
    int sent = 0;
};

std::mutex lock;
connection* current = nullptr;

bool connected() {
    const std::lock_guard hold(lock);
    return current != nullptr;
}

void send_one() {
    if (!connected()) return;
    const std::lock_guard hold(lock);
    ++current->sent;
}

void disconnect() {
    const std::lock_guard hold(lock);
    delete current;
    current = nullptr;
}
}  // namespace

int main() {
    current = new connection;
    std::thread sender(send_one);
    std::thread closer(disconnect);
    sender.join();
    closer.join();
}
