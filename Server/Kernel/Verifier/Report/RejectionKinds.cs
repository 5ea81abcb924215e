namespace WebBpf.Kernel.Verifier.Report;

/// <summary>A kind of rejection: what its message contains, its name for tools and what usually fixes it.</summary>
internal readonly record struct RejectionKind(string Contains, string Category, string Hint);

/// <summary>The rejections that a hint is known for, most specific first.</summary>
internal static class RejectionKinds
{
    private const string NullHint = "Compare the pointer with 0 (NULL) after the call that returned it, and use it only where it is not.";

    private const string PacketHint =
        "Compare the end of what you access with data_end (if (data + offset + size > data_end) return ...) on this path, with the same pointer.";

    private const string UninitHint = "Give the register or stack slot a value on every path that leads here; calls destroy R1 to R5.";
    private const string LoopHint = "Bound the loop by a constant (or use bpf_loop or may_goto) and make sure its counter changes on every round.";
    private const string ExitHint = "Every path must end with an exit or a jump inside the same function.";
    private const string SizeHint = "Bound the size before the call, for example with 'if (size > sizeof(buffer)) return' or 'size &= mask', as an unsigned value.";
    private const string LeakHint = "Release what was acquired (bpf_ringbuf_submit, bpf_ringbuf_discard, bpf_sk_release ...) on every path before the program ends.";
    private const string HelperHint = "Use a helper that this program type offers, or another program type.";
    private const string ArgHint = "Pass what the helper expects in this argument; the prototype is in bpf-helpers(7).";
    private const string StackHint = "The stack has 512 bytes below R10; initialise what is read and keep offsets between -512 and -1.";
    private const string ReturnHint = "Return a constant from the allowed range on every path; check a computed value against it first.";
    private const string PointerHint = "Add or subtract bounded numbers only, and keep a pointer to the start of the object.";
    private const string LeakAddressHint = "Without CAP_PERFMON kernel addresses must not reach user space or numbers.";
    private const string ComplexHint = "Split the program (tail calls, global functions, bpf_loop) or remove branches that multiply paths.";

    public static readonly RejectionKind[] All =
    [
        new("!read_ok", "uninitialized_register", UninitHint),
        new("invalid mem access 'map_value_or_null'", "null_dereference", NullHint),
        new("_or_null'", "null_dereference", NullHint),
        new("null-check it first", "null_dereference", NullHint),
        new("Possibly NULL pointer", "null_dereference", NullHint),
        new("invalid mem access 'scalar'", "not_a_pointer", "The register holds a number here. Keep the pointer, or load it again from the context or the map."),
        new("invalid access to packet", "packet_out_of_bounds", PacketHint),
        new("invalid access to map value", "map_value_out_of_bounds", "Keep offset plus size inside the map's value_size: check the index before it is used."),
        new("invalid access to map key", "map_key_out_of_bounds", "Keep offset plus size inside the map's key_size."),
        new("invalid access to memory", "memory_out_of_bounds", "Keep offset plus size inside the memory that was reserved."),
        new("min value is outside of the allowed memory range", "out_of_bounds", "Check the lower bound too, or use an unsigned index."),
        new("max value is outside of the allowed memory range", "out_of_bounds", "Check the upper bound of the index before it is used."),
        new("unbounded min value", "out_of_bounds", "Check the lower bound, or use an unsigned index."),
        new("unbounded memory access", "unbounded_size", SizeHint),
        new("min value is negative", "unbounded_size", SizeHint),
        new("invalid zero-sized read", "zero_size", "Make sure the size is above 0 before the call."),
        new("invalid read from stack", "stack_uninitialized", StackHint),
        new("invalid indirect read from stack", "stack_uninitialized", StackHint),
        new("invalid write to stack", "stack_out_of_bounds", StackHint),
        new("invalid stack", "stack_out_of_bounds", StackHint),
        new("variable-offset", "stack_variable_offset", StackHint),
        new("combined stack size", "stack_too_deep", "Use less stack along this chain of calls: per-CPU maps hold large buffers."),
        new("call stack of", "too_many_calls", "At most 8 functions may be active at a time: inline some."),
        new("invalid bpf_context access", "context_access", "Read context fields at their offset and in their full width; many are read-only."),
        new("dereference of modified ctx", "context_access", "Access the context through the pointer as it was passed, with constant offsets."),
        new("unreachable insn", "unreachable_code", "Remove the code, or the jump that hides it."),
        new("jump out of range", "invalid_jump", ExitHint),
        new("last insn is not an exit or jmp", "missing_exit", ExitHint),
        new("invalid insn idx", "invalid_jump", ExitHint),
        new("jump into the middle of ldimm64", "invalid_jump", ExitHint),
        new("back-edge", "unbounded_loop", LoopHint),
        new("infinite loop detected", "unbounded_loop", LoopHint),
        new("BPF program is too large", "too_complex", ComplexHint),
        new("is too complex", "too_complex", ComplexHint),
        new("reference leak", "reference_leak", LeakHint),
        new("Unreleased reference", "reference_leak", LeakHint),
        new("reference has not been acquired", "reference_misuse", LeakHint),
        new("must be referenced when passed to release", "reference_misuse", LeakHint),
        new("should have been in [", "return_value", ReturnHint),
        new("is not a known value", "return_value", ReturnHint),
        new("is not a scalar value", "return_value", ReturnHint),
        new("cannot use helper", "helper_not_allowed", HelperHint),
        new("invalid func ", "helper_not_allowed", HelperHint),
        new("GPL-restricted", "license", "Declare a GPL-compatible license, or do without this helper."),
        new("from non-GPL compatible program", "license", "Declare a GPL-compatible license, or do without this function."),
        new("might sleep", "sleep_not_allowed", "Load the program with BPF_F_SLEEPABLE where its type allows that."),
        new("cannot pass map_type", "map_not_allowed", "This helper works on maps of another type."),
        new("write into map forbidden", "map_read_only", "The map was created with BPF_F_RDONLY_PROG."),
        new("expected=", "helper_argument", ArgHint),
        new("cannot write into", "read_only_memory", "This memory can only be read."),
        new("is not a known constant", "helper_argument", "This argument must be a constant known at load time."),
        new("does not point to a readonly map", "helper_argument", "The format must be a constant string in a frozen read-only map (.rodata)."),
        new("Invalid format string", "format_string", "The format's conversions must be ones that bpf_snprintf knows, at most one per argument."),
        new("Caller passes invalid args", "function_argument", "Pass what the global function's declaration asks for."),
        new("leaks addr", "pointer_leak", LeakAddressHint),
        new("pointer arithmetic", "pointer_arithmetic", PointerHint),
        new("pointer prohibited", "pointer_arithmetic", PointerHint),
        new("pointer comparison prohibited", "pointer_comparison", LeakAddressHint),
        new("misaligned", "misaligned_access", "Align the access to its size, or load the program without BPF_F_STRICT_ALIGNMENT."),
        new("R10 is invalid", "invalid_instruction", "R10 is the read-only frame pointer."),
        new("frame pointer is read only", "invalid_instruction", "R10 is the read-only frame pointer."),
        new("div by zero", "invalid_instruction", "Divide by something other than the constant 0."),
        new("unknown opcode", "invalid_instruction", "The instruction is none of the BPF instruction set."),
        new("uses reserved fields", "invalid_instruction", "Fields that an instruction does not use must be 0."),
        new("invalid BPF_LD_IMM", "invalid_instruction", "A 64-bit immediate load takes two instructions, the second all zero but imm."),
        new("fd ", "invalid_map", "The instruction names a descriptor that is no open map of this session."),
        new("too many subprograms", "too_many_functions", "A program may have at most 256 functions."),
        new("BTF", "type_information", "Compile with -g and load the BTF that belongs to this program."),
    ];
}
