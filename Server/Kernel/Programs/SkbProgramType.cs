using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>
/// What the program types with a packet buffer have in common: struct __sk_buff as context. As net/core/filter.c, 6.18. The kernel puts a prologue before programs that
/// write packets, which makes a cloned buffer private (bpf_unclone_prologue); our buffers are never cloned, so there is none.
/// </summary>
public abstract class SkbProgramType : ProgramTypeInfo
{
    private readonly SkbTestRun _runner;

    protected SkbProgramType() => _runner = new SkbTestRun(RunsOnLink);

    /// <summary>The program sees the packet from its link header on; elsewhere from its network header.</summary>
    private protected virtual bool RunsOnLink => false;

    public override ITestRunnable? TestRunner => _runner;

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize) =>
        SkBuffLayout.Convert(write, insn, output, out targetSize);

    /// <summary>What all of them allow (bpf_skb_is_valid_access).</summary>
    private protected static bool IsValidSkbAccess(int off, int size, bool write, ref CtxAccess access)
    {
        if (!CtxRules.Fits(off, size, SkBuffLayout.UapiSize))
            return false;
        if (CtxRules.In(off, SkBuffLayout.Cb, SkBuffLayout.CbBytes))
            return off + size <= SkBuffLayout.Cb + SkBuffLayout.CbBytes;
        if (IsPacketPointer(off))
            return !access.IsLdsx && size == 4;
        if (CtxRules.In(off, SkBuffLayout.RemoteIp4, SkBuffLayout.RemotePort - SkBuffLayout.RemoteIp4))
            return size == 4;
        if (CtxRules.In(off, SkBuffLayout.FlowKeys, 8) || (off >= SkBuffLayout.TstampType && off < SkBuffLayout.Hwtstamp))
            return false;
        if (CtxRules.In(off, SkBuffLayout.Tstamp, 8))
            return size == 8;
        if (CtxRules.In(off, SkBuffLayout.Hwtstamp, 8))
            return !write && size == 8;
        if (CtxRules.In(off, SkBuffLayout.Sk, 8))
            return !write && CtxRules.Pointer(ref access, CtxLoad.SockCommonOrNull, size);
        return write ? size == 4 : CtxRules.Narrow(ref access, off, size, 4);
    }

    /// <summary>Says what loads of the packet pointers yield.</summary>
    private protected static void MarkPacketPointers(int off, ref CtxAccess access)
    {
        access.Kind = off switch
        {
            SkBuffLayout.Data => CtxLoad.PacketData,
            SkBuffLayout.DataEnd => CtxLoad.PacketEnd,
            SkBuffLayout.DataMeta => CtxLoad.PacketMeta,
            _ => access.Kind,
        };
    }

    private protected static bool InCb(int off) => CtxRules.In(off, SkBuffLayout.Cb, SkBuffLayout.CbBytes);

    private protected static bool InWord(int off, int field) => CtxRules.In(off, field, 4);

    private protected static bool IsPacketPointer(int off) =>
        InWord(off, SkBuffLayout.Data) || InWord(off, SkBuffLayout.DataMeta) || InWord(off, SkBuffLayout.DataEnd);
}
