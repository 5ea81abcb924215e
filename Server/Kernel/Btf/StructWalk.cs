namespace WebBpf.Kernel.Btf;

/// <summary>What lies at an offset of a struct of the kernel.</summary>
public enum WalkKind
{
    /// <summary>The access is refused; the errno stands in <see cref="WalkResult.Error"/>.</summary>
    Refused,

    /// <summary>A number (or a pointer to something that is no struct).</summary>
    Scalar,

    /// <summary>A pointer to a struct.</summary>
    Pointer,

    /// <summary>The beginning of a struct inside.</summary>
    Struct,
}

/// <param name="Type">Id of the struct that is pointed to or lies there.</param>
/// <param name="Tag">Of a pointer: its type tag ("user", "percpu", "rcu", ...), or "".</param>
/// <param name="Field">Of a pointer: the member's name.</param>
/// <param name="ThroughUnion">A union with several members was passed: what is found there may be something else.</param>
/// <param name="Error">Negative errno.</param>
public readonly record struct WalkResult(WalkKind Kind, uint Type = 0, string Tag = "", string Field = "", bool ThroughUnion = false, int Error = 0);

/// <summary>
/// Finds what [offset, + size) of a struct is, by the types of the kernel. As btf_struct_walk and btf_struct_access in kernel/bpf/btf.c (6.18).
/// </summary>
/// <param name="types">The types the struct belongs to.</param>
/// <param name="log">Takes the message of a refusal, with its line end.</param>
public sealed class StructWalk(BtfTypes types, Action<string> log)
{
    /// <summary>Follows structs at offset 0 of structs until a number or a pointer is found.</summary>
    public WalkResult Access(uint type, int off, int size)
    {
        bool throughUnion = false;
        while (true)
        {
            WalkResult found = Step(type, off, size, throughUnion);
            if (found.Kind != WalkKind.Struct)
                return found;
            throughUnion = found.ThroughUnion;
            type = found.Type;
            off = 0;
        }
    }

    /// <summary>One struct and those inside it in which the offset is not the beginning.</summary>
    /// <param name="throughUnion">What is known already of the way to it.</param>
    public WalkResult Step(uint type, int off, int size, bool throughUnion = false)
    {
        BtfType at = types[type];
        while (true)
        {
            string name = types.Name(at);
            if (at.Kind is not (BtfKind.Struct or BtfKind.Union))
                return Refuse($"Type '{name}' is not a struct", -Uapi.Errno.EINVAL);
            throughUnion |= at.Kind == BtfKind.Union && at.Vlen != 1;
            if ((uint)(off + size) > at.Size)
            {
                BtfType? element = FlexibleElement(at, off, out int start);
                if (element is not { } tail)
                    return Refuse($"access beyond struct {name} at off {(uint)off} size {(uint)size}", -Uapi.Errno.EACCES);
                if (tail.Kind == BtfKind.Int)
                    return new WalkResult(WalkKind.Scalar, ThroughUnion: throughUnion);
                at = tail;
                off = (off - start) % (int)tail.Size;
                continue;
            }

            WalkResult? found = Members(at, ref off, size, throughUnion, out BtfType inner);
            if (found is { } result)
                return result;
            at = inner;
        }
    }

    // Null where the search goes on inside a struct, with the offset relative to it.
    private WalkResult? Members(BtfType at, ref int off, int size, bool throughUnion, out BtfType inner)
    {
        inner = default;
        string name = types.Name(at);
        for (int i = 0; i < at.Vlen; i++)
        {
            BtfMember member = at.Member(i);
            int start = (int)(member.BitOffset / 8);
            if (off + size <= start)
                break;
            if (member.BitfieldSize != 0)
            {
                int end = (int)((member.BitOffset + member.BitfieldSize + 7) / 8);
                if (off <= start && end <= off + size)
                    return new WalkResult(WalkKind.Scalar, ThroughUnion: throughUnion);
                continue;
            }

            if (off < start)
                break;
            string field = types.String(member.NameOff);
            BtfType type = Linear(member.Type, out uint element, out uint count);
            if (types.SizeOf(member.Type) is not { } whole)
                return Refuse($"field {field} doesn't have size", -Uapi.Errno.EFAULT);
            int trueEnd = start + (int)whole;
            if (off >= trueEnd)
                continue;
            int elementSize = (int)(whole / count);
            if (count > 1 || types.SkipModifiers(member.Type).Kind == BtfKind.Array)
                start += (off - start) / elementSize * elementSize;
            if (type.Kind is BtfKind.Struct or BtfKind.Union)
            {
                if (off == start)
                    return new WalkResult(WalkKind.Struct, element, ThroughUnion: throughUnion);
                off -= start;
                inner = type;
                return null;
            }

            if (type.Kind == BtfKind.Ptr)
            {
                if (elementSize != size || off != start)
                {
                    return Refuse(
                        $"cannot access ptr member {field} with moff {start} in struct {name} with off {(uint)off} size {(uint)size}", -Uapi.Errno.EACCES);
                }

                BtfType pointee = types[type.Type];
                string tag = pointee.Kind == BtfKind.TypeTag && !pointee.KindFlag ? types.Name(pointee) : "";
                BtfType target = types.SkipModifiers(type.Type);
                if (target.Kind is BtfKind.Struct or BtfKind.Union)
                    return new WalkResult(WalkKind.Pointer, target.Id, tag, field, throughUnion);
            }

            return off + size > trueEnd
                ? Refuse($"access beyond the end of member {field} (mend:{trueEnd}) in struct {name} with off {(uint)off} size {(uint)size}", -Uapi.Errno.EACCES)
                : new WalkResult(WalkKind.Scalar, ThroughUnion: throughUnion);
        }

        return Refuse($"struct {name} doesn't have field at offset {off}", -Uapi.Errno.EINVAL);
    }

    // The element of an array without a length at the end of a struct, where the offset lies in it.
    private BtfType? FlexibleElement(BtfType at, int off, out int start)
    {
        start = 0;
        if (at.Vlen == 0)
            return null;
        BtfMember last = at.Member(at.Vlen - 1);
        BtfType array = types.SkipModifiers(last.Type);
        start = (int)(last.BitOffset / 8);
        if (array.Kind != BtfKind.Array || array.ArrayCount != 0 || off < start)
            return null;
        BtfType element = types.SkipModifiers(array.ArrayElement);
        return element.Kind == BtfKind.Int || (element.Kind is BtfKind.Struct or BtfKind.Union && element.Size != 0) ? element : null;
    }

    // What a (multi-dimensional) array is an array of, and how many of it there are; other types are one of themselves.
    private BtfType Linear(uint id, out uint element, out uint count)
    {
        count = 1;
        BtfType type = types.SkipModifiers(id);
        while (type.Kind == BtfKind.Array && type.ArrayCount != 0)
        {
            count *= type.ArrayCount;
            type = types.SkipModifiers(type.ArrayElement);
        }

        element = type.Id;
        return type;
    }

    private WalkResult Refuse(string message, int error)
    {
        log(message + "\n");
        return new WalkResult(WalkKind.Refused, Error: error);
    }
}
