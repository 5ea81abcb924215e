namespace WebBpf.Kernel.Uapi;

/// <summary>Flag bits of linux/bpf.h, 6.18, by their names there.</summary>
public static class UapiFlags
{
    // map_update_elem
    public const ulong BPF_ANY = 0;
    public const ulong BPF_NOEXIST = 1;
    public const ulong BPF_EXIST = 2;
    public const ulong BPF_F_LOCK = 4;

    // map_create
    public const uint BPF_F_NO_PREALLOC = 1u << 0;
    public const uint BPF_F_NO_COMMON_LRU = 1u << 1;
    public const uint BPF_F_NUMA_NODE = 1u << 2;
    public const uint BPF_F_RDONLY = 1u << 3;
    public const uint BPF_F_WRONLY = 1u << 4;
    public const uint BPF_F_STACK_BUILD_ID = 1u << 5;
    public const uint BPF_F_ZERO_SEED = 1u << 6;
    public const uint BPF_F_RDONLY_PROG = 1u << 7;
    public const uint BPF_F_WRONLY_PROG = 1u << 8;
    public const uint BPF_F_CLONE = 1u << 9;
    public const uint BPF_F_MMAPABLE = 1u << 10;
    public const uint BPF_F_PRESERVE_ELEMS = 1u << 11;
    public const uint BPF_F_INNER_MAP = 1u << 12;
    public const uint BPF_F_LINK = 1u << 13;
    public const uint BPF_F_PATH_FD = 1u << 14;
    public const uint BPF_F_VTYPE_BTF_OBJ_FD = 1u << 15;
    public const uint BPF_F_TOKEN_FD = 1u << 16;
    public const uint BPF_F_SEGV_ON_FAULT = 1u << 17;
    public const uint BPF_F_NO_USER_CONV = 1u << 18;

    // attach and link flags
    public const uint BPF_F_REPLACE = 1u << 2;
    public const uint BPF_F_BEFORE = 1u << 3;
    public const uint BPF_F_AFTER = 1u << 4;
    public const uint BPF_F_ID = 1u << 5;

    // prog_load
    public const uint BPF_F_STRICT_ALIGNMENT = 1u << 0;
    public const uint BPF_F_ANY_ALIGNMENT = 1u << 1;
    public const uint BPF_F_TEST_RND_HI32 = 1u << 2;
    public const uint BPF_F_TEST_STATE_FREQ = 1u << 3;
    public const uint BPF_F_SLEEPABLE = 1u << 4;
    public const uint BPF_F_XDP_HAS_FRAGS = 1u << 5;
    public const uint BPF_F_XDP_DEV_BOUND_ONLY = 1u << 6;
    public const uint BPF_F_TEST_REG_INVARIANTS = 1u << 7;

    // prog_test_run
    public const uint BPF_F_TEST_RUN_ON_CPU = 1u << 0;
    public const uint BPF_F_TEST_XDP_LIVE_FRAMES = 1u << 1;
    public const uint BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 1u << 2;
}
