using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Cgroups of tasks, sockets and packets, and what cgroup hooks keep: prototypes of kernel/bpf/cgroup.c, helpers.c and net/core/filter.c, 6.18.</summary>
[BpfHelpers]
public static class CgroupHelpers
{
    public static readonly HelperProto GetCurrentCgroupId = new(BpfFuncId.GetCurrentCgroupId, RetType.Integer);

    public static readonly HelperProto GetCurrentAncestorCgroupId = new(BpfFuncId.GetCurrentAncestorCgroupId, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
    };

    public static readonly HelperProto GetCgroupClassid = new(BpfFuncId.GetCgroupClassid, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbCgroupClassid = new(BpfFuncId.SkbCgroupClassid, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbUnderCgroup = new(BpfFuncId.SkbUnderCgroup, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.ConstMapPtr,
        Arg3 = ArgType.Anything,
    };

    public static readonly HelperProto SkbCgroupId = new(BpfFuncId.SkbCgroupId, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
    };

    public static readonly HelperProto SkbAncestorCgroupId = new(BpfFuncId.SkbAncestorCgroupId, RetType.Integer)
    {
        Arg1 = ArgType.PtrToCtx,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto SkCgroupId = new(BpfFuncId.SkCgroupId, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
    };

    public static readonly HelperProto SkAncestorCgroupId = new(BpfFuncId.SkAncestorCgroupId, RetType.Integer)
    {
        Arg1 = ArgType.PtrToBtfIdSockCommon,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto GetLocalStorage = new(BpfFuncId.GetLocalStorage, RetType.PtrToMapValue)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.Anything,
    };

    public static readonly HelperProto GetRetval = new(BpfFuncId.GetRetval, RetType.Integer);

    public static readonly HelperProto SetRetval = new(BpfFuncId.SetRetval, RetType.Integer)
    {
        Arg1 = ArgType.Anything,
    };
}
