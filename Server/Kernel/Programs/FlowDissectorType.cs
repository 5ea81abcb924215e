using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Isa;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Flow dissectors: a packet and the keys to fill. As flow_dissector_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class FlowDissectorType : ProgramTypeInfo
{
    public override ITestRunnable? TestRunner { get; } = new OwedTestRun("flow dissectors");

    public override BpfProgType Type => BpfProgType.FlowDissector;

    public override bool DirectPacketRead => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) =>
        id == BpfFuncId.SkbLoadBytes ? SkbBytesHelpers.SkbLoadBytes : SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || off < 0 || off >= SkBuffLayout.UapiSize)
            return false;
        if (CtxRules.In(off, SkBuffLayout.FlowKeys, 8))
            return CtxRules.Pointer(ref access, CtxLoad.FlowKeys, size);
        bool data = CtxRules.In(off, SkBuffLayout.Data, 4);
        if ((!data && !CtxRules.In(off, SkBuffLayout.DataEnd, 4)) || access.IsLdsx || size != 4)
            return false;
        access.Kind = data ? CtxLoad.PacketData : CtxLoad.PacketEnd;
        return true;
    }

    public override int ConvertAccess(bool write, Insn insn, Span<Insn> output, ProgramFacts program, out int targetSize) =>
        SkBuffLayout.Convert(write, insn, output, out targetSize);
}
