// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a test knows that a task runs in a worker, and decides when the task goes on. Workers inherit no files,
// so the two sides meet at named pipes.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace processes {

/// A folder that is gone at the end of the test.
class scratch_folder {
 public:
    scratch_folder() {
        std::string name = (std::filesystem::temp_directory_path() / "heddle-process-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a folder");
        path_ = name;
    }
    ~scratch_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;

    std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
    std::string path_;
};

class gate {
 public:
    gate() : arrived_(make("arrived")), go_(make("go")) {}
    ~gate() {
        ::close(arrived_);
        ::close(go_);
    }
    gate(const gate&) = delete;
    gate& operator=(const gate&) = delete;

    /// What to pass to the task, for pass().
    std::string name() const { return folder_.file(""); }

    /// The task's part: says that it is there, waits to be let through. It waits for nobody once the gate is
    /// gone, and is let through by what was said before: its ends are open before it says that it is there.
    /// @return its process, or -1 if the gate went away without letting it through
    static pid_t pass(const std::string& name) {
        // Opened without waiting for the other side, which is there already or never comes back.
        const int go = ::open((name + "go").c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        const int arrived = ::open((name + "arrived").c_str(), O_WRONLY | O_CLOEXEC | O_NONBLOCK);
        const pid_t self = ::getpid();
        const bool said = ::write(arrived, &self, sizeof self) == sizeof self;
        ::close(arrived);
        char byte = 0;
        const bool passed = ::fcntl(go, F_SETFL, 0) == 0 && ::read(go, &byte, 1) == 1;
        ::close(go);
        return said && passed ? self : -1;
    }

    /// Waits until a task is at the gate. @return its process
    pid_t wait_for_arrival() const {
        pid_t who = -1;
        if (::read(arrived_, &who, sizeof who) != sizeof who) throw std::runtime_error("nobody came");
        return who;
    }
    /// Lets one task through, which may be there already or still come.
    void open() const {
        if (::write(go_, "g", 1) != 1) throw std::runtime_error("the gate is stuck");
    }

 private:
    int make(const std::string& name) const {
        const std::string path = folder_.file(name);
        // Opened for both, so that neither side waits for the other to open it.
        const int fd = ::mkfifo(path.c_str(), 0600) == 0 ? ::open(path.c_str(), O_RDWR | O_CLOEXEC) : -1;
        if (fd < 0) throw std::runtime_error("cannot make a named pipe");
        return fd;
    }

    scratch_folder folder_;
    int arrived_;
    int go_;
};

}  // namespace processes
