using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Messages of sk_msg programs: prototypes of net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class MsgHelpers
{
    public static readonly HelperProto MsgApplyBytes = new(BpfFuncId.MsgApplyBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto MsgCorkBytes = new(BpfFuncId.MsgCorkBytes, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto MsgPullData = new(BpfFuncId.MsgPullData, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto MsgPushData = new(BpfFuncId.MsgPushData, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto MsgPopData = new(BpfFuncId.MsgPopData, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };
}
