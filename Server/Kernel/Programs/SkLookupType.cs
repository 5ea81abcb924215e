using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Which socket takes a packet: struct bpf_sk_lookup. As sk_lookup_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SkLookupType : UapiContextType
{
    private const int RemotePort = 36;
    private const int LocalIp4 = 40;
    private const int ContextSize = 72;
    private const int PointerEnd = 8;
    private const int FieldsEnd = 68;

    private static readonly HelperTable Helpers = new(
        PerfEventOutputHelper.PerfEventOutput, HelperVariants.LookupSkAssign, SocketLookupHelpers.SkRelease);

    public override ITestRunnable? TestRunner { get; } = new OwedTestRun("socket lookup programs");

    public override BpfProgType Type => BpfProgType.SkLookup;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || !CtxRules.Fits(off, size, ContextSize))
            return false;
        return off switch
        {
            < PointerEnd => CtxRules.Pointer(ref access, CtxLoad.SocketOrNull, size),
            // 16 bits wide; 4 bytes may be read as they could before.
            >= RemotePort and < RemotePort + 2 when size == 4 => true,
            >= RemotePort and < LocalIp4 => CtxRules.Narrow(ref access, off, size, 2),
            < FieldsEnd => CtxRules.Narrow(ref access, off, size, 4),
            _ => false,
        };
    }

    public override ReturnRange? ReturnValues(ProgramFacts program) => new ReturnRange(0, 1);
}
