# SPDX-License-Identifier: BSL-1.0
"""Shows the stacks of suspended tasks in gdb.

    (gdb) source tools/gdb_fibers.py
    (gdb) info fibers            the fibers that wait for something: task, what they wait at, top frames of your code
    (gdb) info fibers full       the same with heddle's own frames, and a number in place of `full` is how many frames
    (gdb) fiber-backtrace 3      the stack of the one with that number; `fiber-backtrace 3 full` with heddle's frames

It reads the table of the parking lot, so it needs no help from the program and works after a crash or an attach. A fiber
that waits for a stolen fork of its own is not in the table and is not shown. Whole stacks need a live process (x86-64 or
AArch64), because gdb unwinds from registers and those of a core file cannot be changed; there the innermost function is
shown. heddle has to be built with -g: -g1, as the preset `dev` has it, leaves out the types.
"""

import re

import gdb

FIBER = 1  # waiter_kind::fiber
BUCKETS = 512

# Where heddle_fiber_switch has saved each register, in words from the saved stack pointer, and how many words it has
# pushed; see src/rt/fiber_switch_*.S.
LAYOUTS = {
    "x86-64": (["r15", "r14", "r13", "r12", "rbx", "rbp", "pc"], 7),
    "aarch64": (["x%d" % n for n in range(19, 31)], 20),
}


def word(address):
    return int(gdb.parse_and_eval("*(unsigned long*)%d" % address))


def described(name):
    """A type of heddle's, whose members are to be read."""
    try:
        return gdb.lookup_type(name)
    except gdb.error:
        raise gdb.GdbError(
            "heddle's types are not in the debug information: build it with -g (-g1 is not enough), "
            'for example cmake --preset dev -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g"'
        ) from None


def waiting_fibers():
    """Each fiber_waiter in the table of the parking lot."""
    try:
        table = int(gdb.parse_and_eval("(unsigned long)&heddle_0_1_parking_table"))
    except gdb.error:
        raise gdb.GdbError("there is no heddle in this program, or it has not been started") from None
    bucket = described("heddle::v0::rt::detail::bucket")
    fiber_waiter = described("heddle::v0::rt::(anonymous namespace)::fiber_waiter").pointer()
    for i in range(BUCKETS):
        at = gdb.Value(table + i * bucket.sizeof).cast(bucket.pointer())
        waiter = at["queue"]["head_"]
        while int(waiter) != 0:
            if int(waiter["kind_"]) == FIBER:
                yield waiter.cast(fiber_waiter)
            waiter = waiter["next_"]


def describe(waiter):
    task = waiter["task_"].referenced_value()["resume_as_"]
    if int(task) == 0:
        return "no task"
    name = task["name_"]
    text = name["_M_dataplus"]["_M_p"].string(length=int(name["_M_string_length"]))
    return "task %d%s" % (int(task["id_"]), " '%s'" % text if text else "")


def architecture():
    name = gdb.selected_inferior().architecture().name()
    return "aarch64" if name.startswith("aarch64") else "x86-64"


class at_fiber:
    """Makes gdb believe, until the end of the scope, that the thread is where the fiber was suspended."""

    def __init__(self, context):
        self.context = context

    def __enter__(self):
        names, words = LAYOUTS[architecture()]
        saved = {n: word(self.context + 8 * i) for i, n in enumerate(names)}
        saved["sp"] = self.context + 8 * words
        if architecture() == "aarch64":
            saved["pc"] = saved["x30"]
        gdb.execute("select-frame 0")
        self.before = {n: int(gdb.parse_and_eval("(unsigned long)$%s" % n)) for n in saved}
        self.set(saved)

    def __exit__(self, *_):
        gdb.execute("select-frame 0")
        self.set(self.before)

    @staticmethod
    def set(values):
        for name, value in values.items():
            gdb.execute("set $%s = %d" % (name, value))


def context_of(waiter):
    return int(waiter["task_"].referenced_value()["fiber_"]["context_"])


def name_of(frame):
    """What it is called, with its namespaces."""
    name = frame.name() or "heddle::"
    if name.startswith("operator"):  # a lambda: gdb leaves out in what, the symbol of the linker does not
        symbol = gdb.execute("info symbol %d" % frame.pc(), to_string=True)
        name = symbol if " in section " in symbol else name
    return name


def is_inner(frame):
    """Whether it is one of heddle's, or of what calls and is called by it."""
    # A function's own name, without the arguments of a template or call, in which there may be the user's.
    head = re.split(r"[<(]", name_of(frame), maxsplit=1)[0]
    return re.search(r"\b(heddle|std)::|^(__|heddle_|operator new|decltype)", head) is not None


def users_frames():
    """The numbers of the first and last frame of the selected thread that are not heddle's; all if there are none."""
    mine = []
    count = 0
    frame = gdb.newest_frame()
    while frame is not None:
        if not is_inner(frame):
            mine.append(count)
        count += 1
        frame = frame.older()
    return (mine[0], mine[-1]) if mine else (0, count)


def frames_of(text):
    """The lines of a backtrace, those of one frame together."""
    frames = []
    for line in text.splitlines():
        if re.match(r"#\d+ ", line):
            frames.append(line)
        elif frames:
            frames[-1] += "\n" + line
    return frames


def backtrace(waiter, limit=0, full=False):
    context = context_of(waiter)
    try:
        with at_fiber(context):
            frames = frames_of(gdb.execute("backtrace", to_string=True))
            if not full:
                first, last = users_frames()
                frames = frames[first : last + 1]
            return "\n".join(frames[:limit] if limit else frames) + "\n"
    except gdb.error as e:
        # A core file.
        index = {"x86-64": 6, "aarch64": 11}[architecture()]
        where = gdb.execute("info symbol %d" % word(context + 8 * index), to_string=True)
        return "suspended in %s(no more without a process: %s)\n" % (where, e)


class InfoFibers(gdb.Command):
    """info fibers [full] [N]: the fibers that wait for something, the address that they wait at, and N frames of your code.

With `full` also heddle's own frames."""

    def __init__(self):
        super().__init__("info fibers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        numbers = [int(a) for a in argument.split() if a.isdigit()]
        n = 0
        for n, waiter in enumerate(waiting_fibers(), 1):
            address = int(waiter["address_"]["_M_b"]["_M_p"])
            print("%d  %s, waits at %#x" % (n, describe(waiter), address))
            print(backtrace(waiter, numbers[0] if numbers else 8, "full" in argument.split()))
        if n == 0:
            print("No fiber waits.")


class FiberBacktrace(gdb.Command):
    """fiber-backtrace N [full]: the stack of the fiber with that number in `info fibers`, with `full` heddle's frames too."""

    def __init__(self):
        super().__init__("fiber-backtrace", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        numbers = [int(a) for a in argument.split() if a.isdigit()]
        wanted = numbers[0] if numbers else 1
        for n, waiter in enumerate(waiting_fibers(), 1):
            if n == wanted:
                print(backtrace(waiter, full="full" in argument.split()))
                return
        raise gdb.GdbError("there is no fiber %d: see `info fibers`" % wanted)


InfoFibers()
FiberBacktrace()
