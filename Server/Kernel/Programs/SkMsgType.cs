using WebBpf.Kernel.Helpers;
using WebBpf.Kernel.Programs.Contexts;
using WebBpf.Kernel.Uapi;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Programs;

/// <summary>Messages sent on sockets of a socket map: struct sk_msg_md. As sk_msg_verifier_ops in net/core/filter.c, 6.18.</summary>
[BpfProgramType]
public sealed class SkMsgType : UapiContextType
{
    private const int Data = 0;
    private const int DataEnd = 8;
    private const int Sk = 72;
    private const int ContextSize = 80;

    private static readonly HelperTable Helpers = new(
        SockmapHelpers.MsgRedirectMap, SockmapHelpers.MsgRedirectHash,
        MsgHelpers.MsgApplyBytes, MsgHelpers.MsgCorkBytes, MsgHelpers.MsgPullData, MsgHelpers.MsgPushData, MsgHelpers.MsgPopData,
        PerfEventOutputHelper.PerfEventOutput, StorageHelpers.SkStorageGet, StorageHelpers.SkStorageDelete, SocketInfoHelpers.GetNetnsCookie);

    public override BpfProgType Type => BpfProgType.SkMsg;

    public override bool DirectPacketRead => true;

    public override bool DirectPacketWrite => true;

    public override HelperProto? GetHelper(BpfFuncId id, ProgramFacts program) => Helpers.Find(id) ?? SocketBaseHelpers.Find(id, program);

    public override bool IsValidAccess(int off, int size, bool write, ProgramFacts program, ref CtxAccess access)
    {
        if (write || !CtxRules.Fits(off, size, ContextSize))
            return false;
        return off switch
        {
            Data => CtxRules.Pointer(ref access, CtxLoad.PacketData, size),
            DataEnd => CtxRules.Pointer(ref access, CtxLoad.PacketEnd, size),
            Sk => CtxRules.Pointer(ref access, CtxLoad.Socket, size),
            > DataEnd and < Sk => off >= DataEnd + 8 && size == 4,
            _ => false,
        };
    }
}
