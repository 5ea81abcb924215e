using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Packets of the sockets of a cgroup. As cg_skb_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class CgroupSkbType : SkbProgramType
{
    private static readonly HelperTable Helpers = new(
        CgroupHelpers.GetLocalStorage, CgroupHelpers.SkCgroupId, CgroupHelpers.SkAncestorCgroupId, CgroupHelpers.SkbCgroupId, CgroupHelpers.SkbAncestorCgroupId,
        SkbBytesHelpers.SkbLoadBytes, SkbBytesHelpers.SkbLoadBytesRelative, SkbMetaHelpers.SkbEcnSetCe,
        SocketInfoHelpers.GetSocketCookie, SocketInfoHelpers.GetSocketUid, SocketInfoHelpers.GetNetnsCookie,
        StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete,
        SocketLookupHelpers.SkFullsock, SocketLookupHelpers.SkLookupTcp, SocketLookupHelpers.SkLookupUdp, SocketLookupHelpers.SkcLookupTcp,
        SocketLookupHelpers.SkRelease, SocketLookupHelpers.TcpSock, SocketLookupHelpers.GetListenerSock,
        PerfEventOutputHelper.PerfEventOutput);

    public override BpfProgType Type => BpfProgType.CgroupSkb;

    public override bool DirectPacketRead => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (InWord(off, SkBuffLayout.TcClassid) || InWord(off, SkBuffLayout.DataMeta) || InWord(off, SkBuffLayout.WireLen))
            return false;
        if (IsPacketPointer(off) && !program.BpfCapable)
            return false;
        if (write && !IsWritable(off, program))
            return false;
        MarkPacketPointers(off, ref access);
        return IsValidSkbAccess(off, size, write, ref access);
    }

    /// <summary>Egress programs may answer 2 and 3 (drop or pass, and congestion), too.</summary>
    public override ReturnRange? ReturnValues(ProgramFacts program) =>
        program.ExpectedAttachType == BpfAttachType.CgroupInetEgress ? new ReturnRange(0, 3) : new ReturnRange(0, 1);

    private static bool IsWritable(int off, ProgramFacts program) =>
        InWord(off, SkBuffLayout.Mark) || InWord(off, SkBuffLayout.Priority) || InCb(off)
        || (CtxRules.In(off, SkBuffLayout.Tstamp, 8) && program.BpfCapable);
}
