namespace WebBpf.Kernel.Uapi;

/// <summary>Flags of BPF_MAP_CREATE (map_flags) and of element operations, as in linux/bpf.h, 6.18.</summary>
public static class MapFlags
{
    // map_flags
    public const uint NoPrealloc = 1U << 0;
    public const uint NoCommonLru = 1U << 1;
    public const uint NumaNode = 1U << 2;
    public const uint Rdonly = 1U << 3;
    public const uint Wronly = 1U << 4;
    public const uint StackBuildId = 1U << 5;
    public const uint ZeroSeed = 1U << 6;
    public const uint RdonlyProg = 1U << 7;
    public const uint WronlyProg = 1U << 8;
    public const uint Clone = 1U << 9;
    public const uint Mmapable = 1U << 10;
    public const uint PreserveElems = 1U << 11;
    public const uint InnerMap = 1U << 12;
    public const uint Link = 1U << 13;
    public const uint PathFd = 1U << 14;
    public const uint VtypeBtfObjFd = 1U << 15;
    public const uint TokenFd = 1U << 16;
    public const uint SegvOnFault = 1U << 17;
    public const uint NoUserConv = 1U << 18;

    /// <summary>What programs and the system call may do with a map (BPF_F_ACCESS_MASK).</summary>
    public const uint AccessMask = Rdonly | Wronly | RdonlyProg | WronlyProg;

    // flags of update
    public const ulong Any = 0;
    public const ulong NoExist = 1;
    public const ulong Exist = 2;
    public const ulong Lock = 4;
}
