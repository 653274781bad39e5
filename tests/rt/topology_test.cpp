// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/topology.hpp>

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

using heddle::rt::cpu_count;
using heddle::rt::detail::affinity_cpu_count;
using heddle::rt::detail::cgroup_cpu_limit;

namespace {

const std::optional<unsigned> no_limit;

// A file tree with /proc/self/… and a mounted cgroup hierarchy, as the kernel shows them.
class cgroup : public testing::Test {
 protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "heddle-cgroup-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        root = name;
    }
    void TearDown() override { std::filesystem::remove_all(root); }

    void file(const std::string& path, const std::string& text) const {
        std::filesystem::create_directories(std::filesystem::path(root + path).parent_path());
        std::ofstream(root + path) << text;
    }
    void v2(const std::string& group, const std::string& mount_root = "/") const {
        file("/proc/self/cgroup", "0::" + group + "\n");
        file("/proc/self/mountinfo",
             "22 21 0:5 / /proc rw - proc proc rw\n29 23 0:26 " + mount_root +
                 " /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    }
    void v1(const std::string& group, const std::string& mount_root = "/") const {
        file("/proc/self/cgroup", "5:cpuset:/elsewhere\n4:cpu,cpuacct:" + group + "\n1:name=systemd:/user\n");
        file("/proc/self/mountinfo", "31 23 0:27 / /cg/cpuset rw - cgroup cgroup rw,cpuset\n32 23 0:28 " +
                                         mount_root + " /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n");
    }
    std::optional<unsigned> limit() const { return cgroup_cpu_limit(root); }

    std::string root;
};

}  // namespace

TEST_F(cgroup, an_empty_tree_has_no_limit) {
    EXPECT_EQ(limit(), no_limit);
}

TEST_F(cgroup, v2_half_a_cpu_is_rounded_up_to_one) {
    v2("/app");
    file("/sys/fs/cgroup/app/cpu.max", "50000 100000\n");
    EXPECT_EQ(limit(), 1u);
}

TEST_F(cgroup, v2_a_quota_of_two_and_a_half_cpus_is_three) {
    v2("/app");
    file("/sys/fs/cgroup/app/cpu.max", "250000 100000\n");
    EXPECT_EQ(limit(), 3u);
}

TEST_F(cgroup, v2_max_is_no_limit) {
    v2("/app");
    file("/sys/fs/cgroup/app/cpu.max", "max 100000\n");
    EXPECT_EQ(limit(), no_limit);
}

TEST_F(cgroup, v2_a_quota_of_a_group_further_up_holds) {
    v2("/slice/app/leaf");
    file("/sys/fs/cgroup/slice/cpu.max", "50000 100000\n");
    file("/sys/fs/cgroup/slice/app/cpu.max", "400000 100000\n");
    file("/sys/fs/cgroup/slice/app/leaf/cpu.max", "max 100000\n");
    EXPECT_EQ(limit(), 1u);
}

TEST_F(cgroup, v2_the_smallest_quota_on_the_way_up_holds) {
    v2("/slice/app");
    file("/sys/fs/cgroup/slice/cpu.max", "800000 100000\n");
    file("/sys/fs/cgroup/slice/app/cpu.max", "300000 100000\n");
    EXPECT_EQ(limit(), 3u);
}

TEST_F(cgroup, v2_a_container_that_sees_only_its_own_group_finds_the_quota_at_the_mount) {
    v2("/docker/abc", "/docker/abc");
    file("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    EXPECT_EQ(limit(), 2u);
}

TEST_F(cgroup, v2_a_group_outside_the_namespace_is_read_at_the_mount) {
    v2("/../other");
    file("/sys/fs/cgroup/cpu.max", "200000 100000\n");
    file("/sys/fs/other/cpu.max", "100000 100000\n");
    EXPECT_EQ(limit(), 2u);
}

TEST_F(cgroup, v2_garbage_is_no_limit) {
    for (const char* text : {"", "\n", "many few\n", "50000\n", "50000 0\n", "0 100000\n", "-1 100000\n",
                             "1e5 100000\n", "99999999999999999999 100000\n", "50000 100000 7\n"}) {
        v2("/app");
        file("/sys/fs/cgroup/app/cpu.max", text);
        EXPECT_EQ(limit(), no_limit) << text;
    }
}

TEST_F(cgroup, v2_a_huge_quota_does_not_wrap) {
    v2("/app");
    file("/sys/fs/cgroup/app/cpu.max", "9000000000000000000 1000\n");
    EXPECT_EQ(limit(), ~0u);
}

TEST_F(cgroup, v1_quota_over_period) {
    v1("/app");
    file("/cg/cpu/app/cpu.cfs_quota_us", "150000\n");
    file("/cg/cpu/app/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(limit(), 2u);
}

TEST_F(cgroup, v1_minus_one_is_no_limit) {
    v1("/app");
    file("/cg/cpu/app/cpu.cfs_quota_us", "-1\n");
    file("/cg/cpu/app/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(limit(), no_limit);
}

TEST_F(cgroup, v1_a_quota_of_a_group_further_up_holds) {
    v1("/pod/app");
    file("/cg/cpu/pod/app/cpu.cfs_quota_us", "-1\n");
    file("/cg/cpu/pod/app/cpu.cfs_period_us", "100000\n");
    file("/cg/cpu/pod/cpu.cfs_quota_us", "300000\n");
    file("/cg/cpu/pod/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(limit(), 3u);
}

TEST_F(cgroup, v1_cpuset_and_cpuacct_alone_are_not_the_cpu_controller) {
    v1("/app");
    file("/cg/cpuset/elsewhere/cpu.cfs_quota_us", "100000\n");
    file("/cg/cpuset/elsewhere/cpu.cfs_period_us", "100000\n");
    EXPECT_EQ(limit(), no_limit);
}

TEST_F(cgroup, both_versions_mounted_at_once_both_count) {
    v1("/app");
    file("/proc/self/cgroup", "4:cpu,cpuacct:/app\n0::/app\n");
    file("/proc/self/mountinfo",
         "32 23 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
         "33 23 0:29 / /cg/unified rw - cgroup2 cgroup2 rw\n");
    file("/cg/cpu/app/cpu.cfs_quota_us", "500000\n");
    file("/cg/cpu/app/cpu.cfs_period_us", "100000\n");
    file("/cg/unified/app/cpu.max", "400000 100000\n");
    EXPECT_EQ(limit(), 4u);
}

TEST_F(cgroup, an_unreadable_file_is_skipped) {
    v2("/slice/app");
    file("/sys/fs/cgroup/slice/cpu.max", "200000 100000\n");
    // A folder in the file's place cannot be read by anybody, root included.
    std::filesystem::create_directories(root + "/sys/fs/cgroup/slice/app/cpu.max");
    EXPECT_EQ(limit(), 2u);
}

TEST_F(cgroup, a_mount_point_with_a_blank_in_its_name_is_found) {
    v2("/app");
    file("/proc/self/mountinfo", "29 23 0:26 / /my\\040groups rw - cgroup2 cgroup2 rw\n");
    file("/my groups/app/cpu.max", "200000 100000\n");
    EXPECT_EQ(limit(), 2u);
}

TEST_F(cgroup, garbage_in_the_kernels_tables_is_skipped) {
    v2("/app");
    file("/proc/self/cgroup", "\nnonsense\n0:\n:\n0::/app\n");
    file("/proc/self/mountinfo",
         "\n- - -\n1 2 3\n1 2 3 4 5 6 - cgroup2\n29 23 0:26 / /cg rw - cgroup2 cgroup2 rw\n");
    file("/cg/app/cpu.max", "200000 100000\n");
    EXPECT_EQ(limit(), 2u);
}

TEST(cpu_count, is_at_least_one_and_at_most_the_affinity_mask) {
    EXPECT_GE(cpu_count(), 1u);
    EXPECT_LE(cpu_count(), affinity_cpu_count().value());
}

TEST(cpu_count, a_thread_pinned_to_one_cpu_has_one) {
    std::thread([] {  // so that the test's own thread keeps its mask
        cpu_set_t all;
        ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
        int cpu = 0;
        while (!CPU_ISSET(static_cast<unsigned>(cpu), &all)) ++cpu;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(cpu), &one);
        ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
        EXPECT_EQ(affinity_cpu_count(), 1u);
        EXPECT_EQ(cpu_count(), 1u);
    })
        .join();
}
