// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <cerrno>
#include <heddle/io/pollable.hpp>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/worker.hpp>

namespace heddle::inline v0 {

pollable::pollable(unique_fd fd) : fd_(std::move(fd)) {
    const int flags = ::fcntl(fd_.get(), F_GETFL);
    if (flags < 0 || ::fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK) != 0)
        throw_system_error(errno,
                           "cannot make file descriptor " + std::to_string(fd_.get()) + " non-blocking");
}

pollable& pollable::operator=(pollable&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = std::move(other.fd_);
        readiness_ = std::move(other.readiness_);
    }
    return *this;
}

pollable::~pollable() {
    close();
}

void pollable::close() noexcept {
    if (readiness_) {
        if (readiness_->home() != nullptr) readiness_->home()->unwatch(*readiness_);
        readiness_.reset();
    }
    fd_.reset();
}

void pollable::wait(rt::direction d, rt::deadline until) {
    if (!rt::wait_ready(fd_.get(), d, until)) throw timeout_error("the other side did not answer in time");
}

task<void> pollable::async_wait(rt::direction d, rt::deadline until) {
    rt::worker* const here = rt::worker::current();
    if (!readiness_) readiness_ = std::make_unique<rt::readiness>(fd_.get());
    if (readiness_->home() == nullptr) {
        if (here == nullptr) throw invalid_state("a coroutine can only wait for a file on a worker");
        here->watch(*readiness_);
    }
    if (readiness_->home() != here)
        throw invalid_state("file descriptor " + std::to_string(fd_.get()) + " belongs to worker '" +
                            readiness_->home()->name() + "'; wait for it there");
    const rt::readiness* const file = readiness_.get();
    const auto not_ready = [file, d] { return !file->ready(d); };
    rt::async_park park(file->address(d), not_ready, until);
    switch (co_await park) {
        case rt::wait_outcome::timed_out:
            throw timeout_error("the other side did not answer in time");
        case rt::wait_outcome::cancelled:
            throw cancelled();
        default:
            break;
    }
}

}  // namespace heddle::inline v0
