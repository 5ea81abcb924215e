using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// Whether a member fits its struct, by the kind of its type and by whether the struct has bit fields. As the check_member and
/// check_kflag_member functions in kernel/bpf/btf.c (6.18).
/// </summary>
internal static class BtfMembers
{
    public static int Check(BtfResolver resolver, BtfTypes types, BtfLog log, in BtfType parent, in BtfMember member)
    {
        // A qualified member is judged, and shown, as what stands behind the qualifiers.
        BtfMember shown = member;
        string? complaint = null;
        if (types[member.Type].Kind.IsModifier())
        {
            if (resolver.Sized(member.Type, out _) is BtfType behind)
                shown = member with { Type = behind.Id };
            else
                complaint = "Invalid member";
        }

        complaint ??= Complaint(resolver, parent, shown, types[shown.Type]);
        if (complaint is null)
            return 0;
        log.Member(types, parent, shown, complaint);
        return -Errno.EINVAL;
    }

    private static string? Complaint(BtfResolver resolver, in BtfType parent, in BtfMember member, in BtfType type)
    {
        if (parent.KindFlag)
        {
            if (type.Kind == BtfKind.Int)
                return BitfieldInt(parent, member, type);
            if (type.Kind.IsEnum())
                return BitfieldEnum(parent, member);
            if (member.BitfieldSize != 0)
                return "Invalid member bitfield_size";
        }

        uint size;
        switch (type.Kind)
        {
            case BtfKind.Int:
                return Int(parent, member, type);
            case BtfKind.Float:
                return member.BitOffset % (Math.Min(8, type.Size) * 8) != 0 ? "Member is not properly aligned" : Fits(parent, member, type.Size);
            case BtfKind.Ptr:
                size = 8;
                break;
            case BtfKind.Array:
                resolver.Sized(type.Id, out size);
                break;
            case BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64:
                size = type.Size;
                break;
            default:
                return "Unsupported check_member";
        }

        return member.BitOffset % 8 != 0 ? "Member is not byte aligned" : Fits(parent, member, size);
    }

    private static string? Int(in BtfType parent, in BtfMember member, in BtfType type)
    {
        ulong bits = (ulong)member.BitOffset + (ulong)type.IntOffset;
        return bits > uint.MaxValue ? "bits_offset exceeds U32_MAX" : Copy(parent, (uint)bits, (uint)type.IntBits);
    }

    private static string? BitfieldInt(in BtfType parent, in BtfMember member, in BtfType type)
    {
        if (!type.IsRegularInt)
            return "Invalid member base type";
        if (member.BitfieldSize == 0 && member.BitOffset % 8 != 0)
            return "Invalid member offset";
        if (member.BitfieldSize > type.IntBits)
            return "Invalid member bitfield_size";
        return Copy(parent, member.BitOffset, member.BitfieldSize == 0 ? (uint)type.IntBits : member.BitfieldSize);
    }

    private static string? BitfieldEnum(in BtfType parent, in BtfMember member)
    {
        uint bits = member.BitfieldSize;
        if (bits == 0)
        {
            if (member.BitOffset % 8 != 0)
                return "Member is not byte aligned";
            bits = 32;
        }
        else if (bits > 32)
        {
            return "Invalid member bitfield_size";
        }

        return ((ulong)member.BitOffset + bits + 7) / 8 > parent.Size ? "Member exceeds struct_size" : null;
    }

    /// <summary>The bytes that hold the bits: at most 128 bits, inside the struct.</summary>
    private static string? Copy(in BtfType parent, uint offset, uint bits)
    {
        uint copied = bits + (offset % 8);
        if (copied > 128)
            return "nr_copy_bits exceeds 128";
        return parent.Size < offset / 8 || parent.Size - (offset / 8) < (copied + 7) / 8 ? "Member exceeds struct_size" : null;
    }

    private static string? Fits(in BtfType parent, in BtfMember member, uint size) =>
        (ulong)(member.BitOffset / 8) + size > parent.Size ? "Member exceeds struct_size" : null;
}
