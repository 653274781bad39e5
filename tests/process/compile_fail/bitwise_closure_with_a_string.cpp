// SPDX-License-Identifier: BSL-1.0
// expects: bitwise() is for trivially copyable closures: pass what this one captures as arguments
#include <heddle/process/process_pool.hpp>
#include <string>

void wrong(heddle::process_pool& procs, const std::string& name) {
    procs.submit(heddle::bitwise([name] { return name.size(); }));
}
