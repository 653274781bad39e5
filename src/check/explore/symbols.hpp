// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the addresses of a checked program mean, by the debug information of its files.

#include <sys/types.h>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

struct Dwfl;

namespace heddle::inline v0::check {

struct source_frame {
    std::string function;  ///< without parameters; empty if unknown
    std::string file;      ///< below the current folder, relative to it
    int line = 0;          ///< 0: unknown
    std::string module;    ///< file name of the program or library
    bool own = false;      ///< code of the program rather than of a system's library or header
};

class symbols {
 public:
    /// Of the process `pid`, which must be alive for as long as this object is asked something new.
    explicit symbols(pid_t pid);
    ~symbols();
    symbols(const symbols&) = delete;
    symbols& operator=(const symbols&) = delete;

    /// The functions at a return address, the innermost inlined one first. Never empty.
    const std::vector<source_frame>& frames_at(std::uint64_t return_address) const;

    /// The name of what lies at `address`, such as `counter` or `accounts[1].balance`; empty if it has none.
    std::string name_of_data(std::uint64_t address) const;

    /// Line `line` of `file` without the blanks around it; empty if it cannot be read.
    std::string source(const std::string& file, int line) const;

 private:
    std::vector<source_frame> look_up(std::uint64_t pc) const;

    std::unique_ptr<Dwfl, void (*)(Dwfl*)> dwfl_;
    std::string here_;
    mutable std::map<std::uint64_t, std::vector<source_frame>> frames_{};
    mutable std::map<std::string, std::vector<std::string>> files_{};
};

}  // namespace heddle::inline v0::check
