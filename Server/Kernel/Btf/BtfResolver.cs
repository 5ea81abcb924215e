using WebBpf.Kernel.Uapi;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// Checks what types say of each other: that they exist, have sizes, do not contain themselves, and that members fit. A depth-first walk with
/// a stack of at most 32 types; pointers are the edges at which a struct may come back to itself. As btf_check_all_types and the
/// resolve functions in kernel/bpf/btf.c (6.18).
/// </summary>
internal sealed class BtfResolver
{
    private const int MaxDepth = 32;

    private enum Mode
    {
        Open,
        Pointer,
        StructOrArray,
    }

    private enum Visit : byte
    {
        New,
        Visited,
        Resolved,
    }

    private readonly BtfTypes _types;
    private readonly BtfLog _log;
    private readonly Visit[] _visits;

    /// <summary>Where modifiers, pointers and variables lead to, and how large arrays are.</summary>
    private readonly uint[] _resolvedId;
    private readonly uint[] _resolvedSize;
    private readonly (uint Id, int NextMember)[] _stack = new (uint, int)[MaxDepth];
    private int _depth;
    private Mode _mode;

    private BtfResolver(BtfTypes types, BtfLog log)
    {
        _types = types;
        _log = log;
        _visits = new Visit[types.Count];
        _resolvedId = new uint[types.Count];
        _resolvedSize = new uint[types.Count];
    }

    public static int CheckAll(BtfTypes types, BtfLog log)
    {
        var resolver = new BtfResolver(types, log);
        for (uint id = 1; id < types.Count; id++)
        {
            BtfType type = types[id];
            int error = 0;
            if (type.Kind.NeedsResolve() && !resolver.IsResolved(id))
                error = resolver.Resolve(type);
            if (error == 0 && type.Kind == BtfKind.FuncProto)
                error = resolver.CheckPrototype(type);
            if (error != 0)
                return error;
        }

        return 0;
    }

    /// <summary>The type whose value this is and its size, or null where it has no size (btf_type_id_size).</summary>
    public BtfType? Sized(uint id, out uint size)
    {
        size = 0;
        if (!_types.Has(id))
            return null;
        BtfType type = _types[id];
        if (type.Kind.IsModifier() || type.Kind == BtfKind.Var)
            type = _types[_resolvedId[id]];
        if (type.Kind.HasNoSize())
            return null;
        if (type.Kind.HasSize())
            size = type.Size;
        else if (type.Kind == BtfKind.Array)
            size = _resolvedSize[type.Id];
        else if (type.Kind == BtfKind.Ptr)
            size = 8;
        else
            return null;
        return type;
    }

    private bool IsResolved(uint id) => _visits[id] == Visit.Resolved;

    private int Resolve(BtfType root)
    {
        _mode = Mode.Open;
        _depth = 0;
        int error = Push(root);
        while (error == 0 && _depth > 0)
        {
            BtfType type = _types[_stack[_depth - 1].Id];
            error = type.Kind switch
            {
                BtfKind.Struct or BtfKind.Union => ResolveComposite(type),
                BtfKind.Array => ResolveArray(type),
                BtfKind.Ptr or BtfKind.Var => ResolveThroughPointer(type),
                BtfKind.Func => ResolveFunc(type),
                BtfKind.Datasec => ResolveSection(type),
                BtfKind.DeclTag => ResolveDeclTag(type),
                _ => ResolveModifier(type),
            };
        }

        _depth = 0;
        if (error == -Errno.E2BIG)
            _log.Type(_types, root, $"Exceeded max resolving depth:{MaxDepth}");
        else if (error == -Errno.EEXIST)
            _log.Type(_types, root, "Loop detected");
        else if (error == 0 && !IsSound(root))
            return Fail(root, "Invalid resolve state");
        return error;
    }

    private int Push(in BtfType type)
    {
        if (_depth == MaxDepth)
            return -Errno.E2BIG;
        if (_visits[type.Id] != Visit.New)
            return -Errno.EEXIST;
        _visits[type.Id] = Visit.Visited;
        _stack[_depth++] = (type.Id, 0);
        if (_mode == Mode.Open)
        {
            if (type.Kind == BtfKind.Ptr)
                _mode = Mode.Pointer;
            else if (type.Kind.IsComposite() || type.Kind == BtfKind.Array)
                _mode = Mode.StructOrArray;
        }

        return 0;
    }

    private int Pop(uint resolvedId, uint resolvedSize)
    {
        uint id = _stack[--_depth].Id;
        _resolvedId[id] = resolvedId;
        _resolvedSize[id] = resolvedSize;
        _visits[id] = Visit.Resolved;
        return 0;
    }

    /// <summary>True where the walk need not go into the type: it ends the chain at hand (env_type_is_resolve_sink).</summary>
    private bool IsSink(in BtfType type) => _mode switch
    {
        Mode.Open => !type.Kind.NeedsResolve(),
        Mode.Pointer => !type.Kind.IsModifier() && type.Kind != BtfKind.Ptr,
        _ => !type.Kind.IsModifier() && type.Kind != BtfKind.Array && !type.Kind.IsComposite(),
    };

    private bool MustPush(in BtfType type) => !IsSink(type) && !IsResolved(type.Id);

    private bool IsMissing(uint id) => !_types.Has(id) || _types[id].Kind.IsSourceOnly();

    private int ResolveModifier(in BtfType type)
    {
        if (IsMissing(type.Type))
            return Fail(type, "Invalid type_id");
        BtfType next = _types[type.Type];
        return MustPush(next) ? Push(next) : Finish(type, next);
    }

    private int ResolveThroughPointer(in BtfType type)
    {
        if (IsMissing(type.Type))
            return Fail(type, "Invalid type_id");
        BtfType next = _types[type.Type];
        if (MustPush(next))
            return Push(next);
        // A modifier resolved on behalf of a struct stopped at a pointer, which may lead back here.
        if (next.Kind.IsModifier())
        {
            BtfType pointer = _types[_resolvedId[next.Id]];
            if (pointer.Kind == BtfKind.Ptr && MustPush(pointer))
                return Push(pointer);
        }

        if (type.Kind == BtfKind.Ptr)
            return Finish(type, next);
        return Sized(next.Id, out _) is BtfType sized ? Pop(sized.Id, 0) : Fail(type, "Invalid type_id");
    }

    /// <summary>Ends at a type with a size, or at one of the few that may stand without: void, forward declarations, prototypes.</summary>
    private int Finish(in BtfType type, BtfType next)
    {
        if (Sized(next.Id, out _) is BtfType sized)
            return Pop(sized.Id, 0);
        if (IsResolved(next.Id))
            next = _types[_resolvedId[next.Id]];
        return next.Kind is BtfKind.Void or BtfKind.Fwd or BtfKind.FuncProto ? Pop(next.Id, 0) : Fail(type, "Invalid type_id");
    }

    private int ResolveArray(in BtfType type)
    {
        BtfType index = _types[type.ArrayIndex];
        if (IsMissing(type.ArrayIndex) || index.Kind.HasNoSize())
            return Fail(type, "Invalid index");
        if (MustPush(index))
            return Push(index);
        if (Sized(index.Id, out _) is not BtfType { Kind: BtfKind.Int, IsRegularInt: true })
            return Fail(type, "Invalid index");

        BtfType element = _types[type.ArrayElement];
        if (IsMissing(type.ArrayElement) || element.Kind.HasNoSize())
            return Fail(type, "Invalid elem");
        if (MustPush(element))
            return Push(element);
        if (Sized(element.Id, out uint size) is not BtfType sized)
            return Fail(type, "Invalid elem");
        if (sized.Kind == BtfKind.Int && !sized.IsRegularInt)
            return Fail(type, "Invalid array of int");
        return (ulong)type.ArrayCount * size > uint.MaxValue ? Fail(type, "Array size overflows U32_MAX") : Pop(sized.Id, type.ArrayCount * size);
    }

    private int ResolveComposite(in BtfType type)
    {
        int first = _stack[_depth - 1].NextMember;
        if (first > 0 && BtfMembers.Check(this, _types, _log, type, type.Member(first - 1)) is int error and not 0)
            return error;
        for (int i = first; i < type.Vlen; i++)
        {
            BtfMember member = type.Member(i);
            BtfType next = _types[member.Type];
            if (IsMissing(member.Type) || next.Kind.HasNoSize())
            {
                _log.Member(_types, type, member, "Invalid member");
                return -Errno.EINVAL;
            }

            if (MustPush(next))
            {
                _stack[_depth - 1].NextMember = i + 1;
                return Push(next);
            }

            error = BtfMembers.Check(this, _types, _log, type, member);
            if (error != 0)
                return error;
        }

        return Pop(0, 0);
    }

    private int ResolveSection(in BtfType type)
    {
        _mode = Mode.Open;
        for (int i = _stack[_depth - 1].NextMember; i < type.Vlen; i++)
        {
            BtfVarSec entry = type.VarSec(i);
            BtfType variable = _types[entry.Type];
            string? complaint = null;
            if (variable.Kind != BtfKind.Var)
            {
                complaint = "Not a VAR kind member";
            }
            else if (MustPush(variable))
            {
                _stack[_depth - 1].NextMember = i + 1;
                return Push(variable);
            }
            else if (Sized(variable.Type, out uint size) is null)
            {
                complaint = "Invalid type";
            }
            else if (entry.Size < size)
            {
                complaint = "Invalid size";
            }

            if (complaint is null)
                continue;
            _log.VarSec(_types, type, entry, complaint);
            return -Errno.EINVAL;
        }

        return Pop(0, 0);
    }

    private int ResolveDeclTag(in BtfType type)
    {
        BtfType target = _types[type.Type];
        if (!(target.Kind is BtfKind.Func or BtfKind.Var or BtfKind.Typedef || target.Kind.IsComposite()))
            return Fail(type, "Invalid type_id");
        if (MustPush(target))
            return Push(target);
        if (type.ComponentIdx != -1)
        {
            int parts = target.Kind switch
            {
                BtfKind.Var or BtfKind.Typedef => 0,
                BtfKind.Func => _types[target.Type].Vlen,
                _ => target.Vlen,
            };
            if (type.ComponentIdx >= parts)
                return Fail(type, "Invalid component_idx");
        }

        return Pop(target.Id, 0);
    }

    private int ResolveFunc(in BtfType type)
    {
        BtfType proto = _types[type.Type];
        if (proto.Kind != BtfKind.FuncProto)
            return Fail(type, "Invalid type_id");
        for (int i = 0; i < proto.Vlen; i++)
        {
            if (proto.Param(i) is { NameOff: 0, Type: not 0 })
                return Fail(type, $"Invalid arg#{i + 1}");
        }

        return Pop(proto.Id, 0);
    }

    private int CheckPrototype(in BtfType type)
    {
        int error = 0;
        if (type.Type != 0)
        {
            if (IsMissing(type.Type))
                return Fail(type, "Invalid return type");
            if (_types[type.Type].Kind.NeedsResolve() && !IsResolved(type.Type))
                error = Resolve(_types[type.Type]);
            if (error != 0)
                return error;
            if (Sized(type.Type, out _) is null)
                return Fail(type, "Invalid return type");
        }

        int count = type.Vlen;
        if (count > 0 && type.Param(count - 1).Type == 0)
        {
            // Variable arguments have no name.
            if (type.Param(count - 1).NameOff != 0)
                return Fail(type, $"Invalid arg#{count}");
            count--;
        }

        for (int i = 0; i < count; i++)
        {
            BtfParam param = type.Param(i);
            if (IsMissing(param.Type) || (param.NameOff != 0 && !BtfNames.IsIdentifier(_types.StringBytes(param.NameOff))))
                return Fail(type, $"Invalid arg#{i + 1}");
            if (_types[param.Type].Kind.NeedsResolve() && !IsResolved(param.Type))
                error = Resolve(_types[param.Type]);
            if (error != 0)
                return error;
            if (Sized(param.Type, out _) is null)
                return Fail(type, $"Invalid arg#{i + 1}");
        }

        return 0;
    }

    /// <summary>The last look at a resolved type (btf_resolve_valid).</summary>
    private bool IsSound(in BtfType type)
    {
        if (!IsResolved(type.Id))
            return false;
        BtfKind kind = type.Kind;
        if (kind.IsComposite() || kind == BtfKind.Datasec)
            return _resolvedId[type.Id] == 0 && _resolvedSize[type.Id] == 0;
        if (kind is BtfKind.DeclTag or BtfKind.Func)
            return _resolvedId[type.Id] != 0 && _resolvedSize[type.Id] == 0;
        if (kind == BtfKind.Array)
            return Sized(type.ArrayElement, out uint size) is BtfType element && !element.Kind.IsModifier() && type.ArrayCount * size == _resolvedSize[type.Id];
        BtfKind end = _types[_resolvedId[type.Id]].Kind;
        return !end.IsModifier() && end is not (BtfKind.Var or BtfKind.Datasec);
    }

    private int Fail(in BtfType type, string complaint)
    {
        _log.Type(_types, type, complaint);
        return -Errno.EINVAL;
    }
}
