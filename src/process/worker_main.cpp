// SPDX-License-Identifier: BSL-1.0
#include "fork_server.hpp"

#include <unistd.h>
#include <array>
#include <cstddef>
#include <heddle/io/byte_stream.hpp>
#include <heddle/process/remote_task.hpp>
#include <heddle/rt/thread.hpp>

namespace heddle::inline v0 {

namespace {

std::vector<std::byte> run(std::span<const std::byte> request) {
    try {
        detail::unpacker in(request);
        const auto place = in.value<detail::function_place>();
        const auto entry =
            reinterpret_cast<detail::remote_entry>(const_cast<void*>(detail::address_of(place)));
        detail::packer out;
        entry(in, out);
        return std::move(out).take();
    } catch (...) {
        detail::packer out;
        out.value(false);
        detail::pack_exception(out, std::current_exception());
        return std::move(out).take();
    }
}

}  // namespace

void serve_tasks(int socket) {
    rt::set_thread_name("heddle-worker");
    try {
        byte_stream parent{unique_fd(socket)};
        parent.write_all(std::array{std::byte{'h'}});  // ready
        std::vector<std::byte> request;
        for (;;) {
            detail::frame_header size = 0;
            if (parent.read_full(std::as_writable_bytes(std::span(&size, 1))) < sizeof size) ::_exit(0);
            request.resize(size);
            if (parent.read_full(request) < size) ::_exit(0);
            parent.write_all(run(request));
        }
    } catch (const std::exception&) {
        ::_exit(0);  // the parent is gone: nobody to tell
    }
}

}  // namespace heddle::inline v0
