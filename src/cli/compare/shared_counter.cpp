// SPDX-License-Identifier: BSL-1.0
#include "shared_counter.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cerrno>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::cli {

shared_counter::shared_counter() : fd_(::memfd_create("heddle-progress", MFD_CLOEXEC)) {
    if (!fd_ || ::ftruncate(fd_.get(), sizeof(page)) != 0)
        throw_system_error(errno, "cannot create shared memory");
    map();
}

shared_counter::shared_counter(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (!fd_) throw_system_error(errno, "cannot open shared memory " + path);
    map();
}

shared_counter::~shared_counter() {
    ::munmap(page_, sizeof(page));
}

void shared_counter::map() {
    void* const at = ::mmap(nullptr, sizeof(page), PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
    if (at == MAP_FAILED) throw_system_error(errno, "cannot map shared memory");
    page_ = static_cast<page*>(at);  // the kernel gives zeroes, which are valid atomics
}

std::string shared_counter::path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(fd_.get());
}

}  // namespace heddle::inline v0::cli
