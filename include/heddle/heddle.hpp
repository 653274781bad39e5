// SPDX-License-Identifier: BSL-1.0
#pragma once

// Everything in the library heddle::heddle, for small programs and for trying things out. A program that minds
// its compile time includes the headers that it uses. Written by scripts/update-umbrella.

#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/coroutine.hpp>
#include <heddle/rt/entropy.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/function_ref.hpp>
#include <heddle/rt/inbox.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/poller.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/timer.hpp>
#include <heddle/rt/topology.hpp>
#include <heddle/rt/version.hpp>
#include <heddle/rt/waiter.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/policy.hpp>
#include <heddle/policy/priority.hpp>
#include <heddle/policy/ready_list.hpp>
#include <heddle/policy/round_robin.hpp>
#include <heddle/task/completion_queue.hpp>
#include <heddle/task/executor.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/future_state.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/map_result.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/spawned.hpp>
#include <heddle/task/task.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <heddle/task/work.hpp>
#include <heddle/io/byte_stream.hpp>
#include <heddle/io/endpoint.hpp>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/pollable.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/io/tcp.hpp>
#include <heddle/io/unique_fd.hpp>
#include <heddle/process/entry.hpp>
#include <heddle/process/process_pool.hpp>
#include <heddle/process/remote_task.hpp>
#include <heddle/process/travel.hpp>
