using WebBpf.Kernel.Maps;
using WebBpf.Kernel.Verifier.Domain;

namespace WebBpf.Kernel.Verifier.State;

/// <summary>
/// What is known of one register or spilled value, as struct bpf_reg_state (6.18). For pointers <see cref="Bounds"/> is the variable part of
/// the offset and <see cref="Off"/> the constant part; for scalars linked by an addition <see cref="Off"/> is the difference to the base.
/// </summary>
internal struct RegState
{
    /// <summary>Set in <see cref="Id"/> of a scalar that is another one plus <see cref="Off"/> (BPF_ADD_CONST).</summary>
    public const uint AddConst = AddConst64 | AddConst32;

    /// <summary>The addition had 64 bits.</summary>
    public const uint AddConst64 = 1u << 31;

    /// <summary>The addition had 32 bits, of a value that fits them.</summary>
    public const uint AddConst32 = 1u << 30;

    /// <summary>Packet ranges that are no range: the pointer is beyond, or exactly at, the packet's end.</summary>
    public const int BeyondPacketEnd = -2;

    public const int AtPacketEnd = -1;

    public RegType Type;
    public int Off;

    /// <summary>Of map pointers, values and keys.</summary>
    public BpfMap? Map;

    /// <summary>Packet pointers: bytes known to be there. Memory: its size. Functions: the subprogram.</summary>
    public int Range;

    /// <summary>Of pointers to objects of the kernel: their type, one instance for each type in a load.</summary>
    public KernelType? Object;

    /// <summary>Which map value a map pointer came out of (map in map).</summary>
    public uint MapUid;

    public Bounds Bounds;

    /// <summary>Equal ids are equal values (scalars) or the same unknown offset or null-ness (pointers).</summary>
    public uint Id;

    /// <summary>The acquired reference this pointer stands for.</summary>
    public uint RefObjId;

    /// <summary>Stack pointers: the frame.</summary>
    public int FrameNo;

    /// <summary>Instruction + 1 that last wrote the low 32 bits only; 0 where all 64 bits are defined (DEF_NOT_SUBREG).</summary>
    public int SubregDef;

    public bool Precise;

    /// <summary>Size of a PTR_TO_MEM region in bytes.</summary>
    public readonly uint MemSize => (uint)Range;

    public readonly bool IsScalar => Type == RegType.Scalar;

    public readonly bool IsConstScalar => Type == RegType.Scalar && Bounds.Tnum.IsConst;

    /// <summary>The constant zero (register_is_null).</summary>
    public readonly bool IsNull => Type == RegType.Scalar && Bounds.Tnum.Mask == 0 && Bounds.Tnum.Value == 0;

    /// <summary>An unknown scalar (mark_reg_unknown_imprecise); who defined the low half is kept.</summary>
    public void SetUnknown()
    {
        int def = SubregDef;
        this = default;
        Type = RegType.Scalar;
        Bounds.SetUnknown();
        SubregDef = def;
    }

    public void SetNotInit()
    {
        SetUnknown();
        Type = RegType.NotInit;
    }

    /// <summary>A known value; the type stays, offset, map, range and ids go (__mark_reg_known).</summary>
    public void SetKnown(ulong value)
    {
        Off = 0;
        Map = null;
        Object = null;
        Range = 0;
        MapUid = 0;
        Id = 0;
        RefObjId = 0;
        Bounds.SetKnown(value);
    }

    /// <summary>A scalar constant.</summary>
    public void SetConst(ulong value)
    {
        SetKnown(value);
        Type = RegType.Scalar;
    }

    /// <summary>Equal in all that precedes the ids in struct bpf_reg_state: kind, offset, map, range and bounds.</summary>
    public readonly bool SameValue(in RegState other) =>
        Type == other.Type && Off == other.Off && ReferenceEquals(Map, other.Map) && ReferenceEquals(Object, other.Object) && Range == other.Range
        && MapUid == other.MapUid && Bounds.Equals(other.Bounds);

    /// <summary>As <see cref="SameValue"/> without the bounds.</summary>
    public readonly bool SameKind(in RegState other) =>
        Type == other.Type && Off == other.Off && ReferenceEquals(Map, other.Map) && ReferenceEquals(Object, other.Object) && Range == other.Range
        && MapUid == other.MapUid;
}

/// <summary>A struct among the kernel's own types (btf and btf_id of struct bpf_reg_state).</summary>
/// <param name="Types">What it belongs to.</param>
/// <param name="Id">Its id there.</param>
/// <param name="Name">Its name, for the log.</param>
internal sealed record KernelType(Btf.BtfTypes Types, uint Id, string Name);
