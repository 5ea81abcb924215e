using System.Text;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// All types of a BTF object as C, as <c>bpftool btf dump format c</c>: what a type embeds comes before it, what it only points to is declared ahead. The
/// order is a depth-first walk and bodies are written from a work list; neither recurses.
/// </summary>
public sealed class BtfCode
{
    // A character that no name contains: where the body of an unnamed type goes.
    private const char Body = '\u0001';

    private readonly BtfTypes _types;
    private readonly BtfDeclarator _declarator;
    private readonly State[] _states;
    private readonly bool[] _referenced;
    private readonly byte[] _passed;
    private readonly Dictionary<uint, string> _renamed = [];
    private readonly HashSet<uint> _completed = [];
    private readonly HashSet<string> _tags = [];
    private readonly HashSet<string> _names = ["__builtin_va_list"];
    private readonly StringBuilder _text = new();

    private BtfCode(BtfTypes types)
    {
        _types = types;
        _declarator = new BtfDeclarator(types, Body.ToString(), _renamed);
        _states = new State[types.Count];
        _referenced = new bool[types.Count];
        _passed = new byte[types.Count];
    }

    private enum State : byte
    {
        New,
        Declared,
        Open,
        Done,
    }

    public static string Dump(BtfTypes types)
    {
        var code = new BtfCode(types);
        for (uint id = 1; id < types.Count; id++)
        {
            code.MarkReferences(types[id]);
            code.Rename(types[id]);
        }

        for (uint id = 1; id < types.Count; id++)
        {
            BtfType type = types[id];
            bool named = type.NameOff != 0;
            if (named && (type.Kind.IsComposite() || type.Kind is BtfKind.Typedef or BtfKind.Fwd || type.Kind.IsEnum()))
                code.Visit(id);
            else if (type.Kind.IsEnum() && !code._referenced[id])
                code.Visit(id);
        }

        return code._text.ToString();
    }

    /// <summary>C has one name space for tags and one for typedefs: the second type of a name becomes name___2.</summary>
    private void Rename(in BtfType type)
    {
        bool isTypedef = type.Kind == BtfKind.Typedef;
        if (type.NameOff == 0 || !(isTypedef || type.Kind.IsComposite() || type.Kind.IsEnum()))
            return;
        string name = _types.Name(type), free = Free(isTypedef ? _names : _tags, name);
        if (free != name)
            _renamed[type.Id] = free;
    }

    private static string Free(HashSet<string> taken, string name)
    {
        string free = name;
        for (int i = 2; !taken.Add(free); i++)
            free = $"{name}___{i}";
        return free;
    }

    private void MarkReferences(in BtfType type)
    {
        if (type.Kind.IsComposite())
        {
            for (int i = 0; i < type.Vlen; i++)
                Mark(type.Member(i).Type);
        }
        else if (type.Kind == BtfKind.Array)
        {
            Mark(type.ArrayElement);
        }
        else if (type.Kind.IsModifier() || type.Kind is BtfKind.Ptr or BtfKind.Var)
        {
            Mark(type.Type);
        }

        void Mark(uint id)
        {
            if (_types.Has(id))
                _referenced[id] = true;
        }
    }

    /// <summary>Writes what the type needs, then the type. An entry of the work list comes back, marked, when its needs are met.</summary>
    private void Visit(uint root)
    {
        var work = new Stack<(uint Id, bool Embedded, bool Met)>();
        work.Push((root, true, false));
        while (work.TryPop(out (uint Id, bool Embedded, bool Met) item))
        {
            if (item.Id == 0 || !_types.Has(item.Id))
                continue;
            BtfType type = _types[item.Id];
            // A typedef may stand before its struct is complete; who embeds it needs the struct as well.
            if (type.Kind == BtfKind.Typedef && item.Embedded && !item.Met && _completed.Add(item.Id))
                work.Push((type.Type, true, false));
            if (_states[item.Id] == State.Done || (_states[item.Id] == State.Open && !item.Met))
                continue;
            if (item.Met)
            {
                Emit(type);
                _states[item.Id] = State.Done;
                continue;
            }

            bool composite = type.Kind.IsComposite();
            if (composite && type.NameOff != 0 && !item.Embedded)
            {
                Declare(type);
                continue;
            }

            bool passing = type.Kind == BtfKind.Ptr || type.Kind == BtfKind.FuncProto || (type.Kind.IsModifier() && type.Kind != BtfKind.Typedef) || type.Kind == BtfKind.Array;
            if (passing)
            {
                // Pointers to functions may lead back to themselves: once each, and once more where the type is embedded.
                byte strength = (byte)(item.Embedded ? 2 : 1);
                if (_passed[item.Id] >= strength)
                    continue;
                _passed[item.Id] = strength;
            }
            else
            {
                _states[item.Id] = State.Open;
                work.Push((item.Id, item.Embedded, true));
            }

            PushNeeds(work, type, item.Embedded);
        }
    }

    private void PushNeeds(Stack<(uint Id, bool Embedded, bool Met)> work, in BtfType type, bool embedded)
    {
        switch (type.Kind)
        {
            case BtfKind.Struct or BtfKind.Union:
                for (int i = type.Vlen - 1; i >= 0; i--)
                    work.Push((type.Member(i).Type, true, false));
                break;
            case BtfKind.Array:
                work.Push((type.ArrayElement, true, false));
                break;
            case BtfKind.Ptr:
                work.Push((type.Type, false, false));
                break;
            case BtfKind.FuncProto:
                for (int i = type.Vlen - 1; i >= 0; i--)
                    work.Push((type.Param(i).Type, false, false));
                work.Push((type.Type, false, false));
                break;
            case BtfKind.Typedef:
                work.Push((type.Type, false, false));
                break;
            default:
                if (type.Kind.IsModifier())
                    work.Push((type.Type, embedded, false));
                break;
        }
    }

    private void Declare(in BtfType type)
    {
        if (_states[type.Id] != State.New)
            return;
        _states[type.Id] = State.Declared;
        _text.Append(_declarator.BaseName(type)).Append(";\n\n");
    }

    private void Emit(in BtfType type)
    {
        switch (type.Kind)
        {
            case BtfKind.Fwd:
                _text.Append(_declarator.BaseName(type)).Append(";\n\n");
                break;
            case BtfKind.Typedef:
                Write("typedef " + _declarator.Declare(type.Type, _declarator.BaseName(type)) + ";\n\n", type.Type, 0);
                break;
            case BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 when type.NameOff != 0 || (type.Kind.IsEnum() && !_referenced[type.Id]):
                Write(_declarator.BaseName(type).TrimEnd(Body) + (type.NameOff != 0 ? " " : "") + Body + ";\n\n", type.Id, 0);
                break;
        }
    }

    /// <summary>Writes text in which a mark stands for the body of the unnamed (or the given) type at the end of a chain.</summary>
    private void Write(string text, uint id, int depth)
    {
        var work = new Stack<(string Text, uint Id, int Depth)>();
        work.Push((text, id, depth));
        while (work.TryPop(out (string Text, uint Id, int Depth) item))
        {
            int mark = item.Text.IndexOf(Body);
            if (mark < 0)
            {
                _text.Append(item.Text);
                continue;
            }

            _text.Append(item.Text.AsSpan(0, mark)).Append("{\n");
            BtfType type = End(item.Id);
            string indent = new('\t', item.Depth);
            work.Push((indent + "}" + item.Text[(mark + 1)..], 0, item.Depth));
            if (type.Kind.IsEnum())
            {
                for (int i = 0; i < type.Vlen; i++)
                {
                    BtfEnumValue value = type.EnumValue(i);
                    string number = type.KindFlag ? ((long)value.Value).ToString() : value.Value.ToString();
                    _text.Append(indent).Append('\t').Append(Free(_names, _types.String(value.NameOff))).Append(" = ").Append(number).Append(",\n");
                }

                continue;
            }

            for (int i = type.Vlen - 1; i >= 0; i--)
            {
                BtfMember member = type.Member(i);
                string declaration = _declarator.Declare(member.Type, _types.String(member.NameOff));
                string bits = member.BitfieldSize > 0 ? $": {member.BitfieldSize}" : "";
                work.Push(($"{indent}\t{declaration}{bits};\n", member.Type, item.Depth + 1));
            }
        }
    }

    /// <summary>The struct, union or enum at the end of a chain of pointers, arrays and qualifiers.</summary>
    private BtfType End(uint id)
    {
        BtfType type = _types[id];
        for (int i = 0; i < 64 && (type.Kind == BtfKind.Array || type.Kind == BtfKind.Ptr || (type.Kind.IsModifier() && type.Kind != BtfKind.Typedef)); i++)
            type = _types[type.Kind == BtfKind.Array ? type.ArrayElement : type.Type];
        return type;
    }
}
