using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// A program type: its context as programs see it and as it lies in memory, what it may call and return, and how it is run.
/// As bpf_verifier_ops and bpf_prog_ops. One file per type; found by <see cref="ProgramTypeRegistry"/>.
/// </summary>
public abstract class ProgramTypeInfo
{
    public abstract BpfProgType Type { get; }

    /// <summary>The helper as this type may use it, or null: "program of this type cannot use helper".</summary>
    public abstract HelperProto? GetHelper(BpfFuncId id, ProgramFacts program);

    /// <summary>Whether [off, off + size) of the context may be accessed so; fills in what a load yields. As is_valid_access.</summary>
    public abstract bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access);

    /// <summary>
    /// Emits the instructions that replace one context access, as convert_ctx_access: <paramref name="insn"/> is the access (its size
    /// already widened for narrow loads), the output uses offsets of the context as it lies in memory.
    /// Returns how many instructions were written, and in <paramref name="targetSize"/> the width that was really loaded.
    /// </summary>
    public abstract int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize);

    /// <summary>Whether accesses are converted at all (tracepoints, raw tracepoints and kprobes read their context as it is).</summary>
    public virtual bool ConvertsContext => true;

    /// <summary>Packets may be read through pointers (may_access_direct_pkt_data, read).</summary>
    public virtual bool DirectPacketRead => false;

    /// <summary>Packets may be written through pointers.</summary>
    public virtual bool DirectPacketWrite => false;

    /// <summary>Instructions to put before the program's first (gen_prologue, for types that write packets directly); none by default.</summary>
    public virtual int Prologue(bool directWrite, ProgramFacts program, Insn firstInsn, Span<Insn> output) => 0;

    /// <summary>The values R0 may have at exit of the main program, or null where any goes. As check_return_code.</summary>
    public virtual ReturnRange? ReturnValues(ProgramFacts program) => null;

    /// <summary>LD_ABS and LD_IND are allowed (may_access_skb).</summary>
    public virtual bool LegacyPacketLoads => false;

    /// <summary>How BPF_PROG_TEST_RUN runs it; null where the kernel has no test run for the type (ENOTSUPP).</summary>
    public virtual ITestRunnable? TestRunner => null;

    /// <summary>Attach types that expected_attach_type may name; an error as bpf_prog_load_check_attach gives it.</summary>
    public virtual int CheckAttachType(BpfAttachType type) => 0;
}

/// <summary>What is_valid_access says of one context access.</summary>
public struct CtxAccess
{
    /// <summary>What a load yields.</summary>
    public CtxLoad Kind;

    /// <summary>Width of the whole field, for narrow loads; 0 where the access must match exactly.</summary>
    public int FieldSize;

    /// <summary>For sign-extending loads: whether this one is.</summary>
    public bool IsLdsx;
}

/// <summary>Register kinds that a load from a context can give.</summary>
public enum CtxLoad
{
    Scalar,
    PacketData,
    PacketEnd,
    PacketMeta,
    FlowKeys,
    SockCommonOrNull,
    Socket,
    SocketOrNull,

    /// <summary>The buffer of a writable raw tracepoint.</summary>
    TracepointBuffer,
}

/// <summary>An inclusive range of return values.</summary>
public readonly record struct ReturnRange(int Min, int Max)
{
    /// <summary>Checks the low 32 bits only (return_32bit).</summary>
    public bool Is32Bit { get; init; }

    /// <summary>Where set, a value outside is only refused if the program attaches so (BPF_CGROUP_INET_EGRESS allows 0-3).</summary>
    public string? Note { get; init; }
}
