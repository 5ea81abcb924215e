using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Helpers;

/// <summary>Storage that hangs on sockets, inodes, tasks and cgroups: prototypes of kernel/bpf/bpf_*_storage.c and net/core/bpf_sk_storage.c, 6.18.</summary>
[BpfHelpers]
public static class StorageHelpers
{
    public static readonly HelperProto SkStorageGet = new(BpfFuncId.SkStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfIdSockCommon,
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto SkStorageDelete = new(BpfFuncId.SkStorageDelete, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfIdSockCommon,
    };

    public static readonly HelperProto InodeStorageGet = new(BpfFuncId.InodeStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "inode",
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto InodeStorageDelete = new(BpfFuncId.InodeStorageDelete, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "inode",
    };

    public static readonly HelperProto TaskStorageGet = new(BpfFuncId.TaskStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "task_struct",
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto TaskStorageDelete = new(BpfFuncId.TaskStorageDelete, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "task_struct",
    };

    public static readonly HelperProto CgrpStorageGet = new(BpfFuncId.CgrpStorageGet, RetType.PtrToMapValue | RetType.MaybeNull)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "cgroup",
        Arg3 = ArgType.PtrToMapValue | ArgType.MaybeNull,
        Arg4 = ArgType.Anything,
    };

    public static readonly HelperProto CgrpStorageDelete = new(BpfFuncId.CgrpStorageDelete, RetType.Integer)
    {
        Arg1 = ArgType.ConstMapPtr,
        Arg2 = ArgType.PtrToBtfId | ArgType.MaybeNull,
        Arg2Type = "cgroup",
    };
}
