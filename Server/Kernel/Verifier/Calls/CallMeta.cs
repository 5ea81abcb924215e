using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Verifier.Calls;

/// <summary>What the arguments of one helper call tell each other, as struct bpf_call_arg_meta (6.18).</summary>
internal sealed class CallMeta
{
    public BpfFuncId Func { get; init; }

    /// <summary>The map among the arguments.</summary>
    public BpfMap? Map { get; set; }

    public uint MapUid { get; set; }

    /// <summary>The current memory argument need not be initialised: the helper fills all of it.</summary>
    public bool RawMode { get; set; }

    /// <summary>The helper may read packets.</summary>
    public bool PktAccess { get; init; }

    /// <summary>Stack memory the helper fills: the register that points to it and its bytes. Set where <see cref="RawMode"/> memory was checked.</summary>
    public int Regno { get; set; }

    public int AccessSize { get; set; }

    /// <summary>Bytes that the helper hands out (bpf_ringbuf_reserve).</summary>
    public uint MemSize { get; set; }

    /// <summary>Largest value of the size argument: what the helper returns at most.</summary>
    public ulong MaxSize { get; set; }

    /// <summary>The reference among the arguments; 0 where there is none.</summary>
    public uint RefObjId { get; set; }

    /// <summary>The register whose reference the helper releases; 0 for none.</summary>
    public int ReleaseRegno { get; set; }

    /// <summary>The callback.</summary>
    public int Subprog { get; set; }

    /// <summary>The key where it is known, below 0 where it is not.</summary>
    public long ConstKey { get; set; }
}
