using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Changes of size and kind of a packet buffer, as net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class SkbShapeHelpers
{
    public static readonly HelperProto SkbVlanPush = new(BpfFuncId.SkbVlanPush, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbVlanPop = new(BpfFuncId.SkbVlanPop, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbChangeProto = new(BpfFuncId.SkbChangeProto, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbChangeType = new(BpfFuncId.SkbChangeType, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto SkbChangeHead = new(BpfFuncId.SkbChangeHead, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbChangeTail = new(BpfFuncId.SkbChangeTail, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbAdjustRoom = new(BpfFuncId.SkbAdjustRoom, RetType.Integer)
    {
        ChangesPacketData = true,
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
        Arg3 = ArgType.Anything,
        Arg4 = ArgType.Anything,
    };
}
