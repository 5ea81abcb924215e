using System.Text;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// C declarations from BTF: <c>char name[16]</c>, <c>int (*compare)(const void *, const void *)</c>. C writes types around the name from the inside out, so
/// the chain of types is walked once from the name outwards, with parentheses where a pointer meets an array or a function.
/// </summary>
/// <param name="anonymous">What stands for a struct, union or enum without a name.</param>
/// <param name="renamed">Types that go by another name than their own.</param>
public sealed class BtfDeclarator(BtfTypes types, string anonymous = "{ ... }", IReadOnlyDictionary<uint, string>? renamed = null)
{
    private const int MaxChain = 64;
    private const int MaxPrototypeDepth = 4;

    /// <summary>Parameters written in one declaration, nested prototypes included.</summary>
    private const int MaxParameters = 1024;

    private int _parameters;

    /// <summary>Declares a name (empty for the type alone) of a type.</summary>
    public string Declare(uint type, string name)
    {
        _parameters = 0;
        return Declare(type, name, 0);
    }

    private string Declare(uint id, string name, int depth)
    {
        string declarator = name;
        string qualifiers = "";
        bool pointer = false;
        BtfType type = types[id];
        for (int i = 0; i < MaxChain; i++, type = types[Next(type)])
        {
            switch (type.Kind)
            {
                case BtfKind.Const or BtfKind.Volatile or BtfKind.Restrict:
                    qualifiers = (type.Kind switch { BtfKind.Const => "const", BtfKind.Volatile => "volatile", _ => "restrict" }) + (qualifiers.Length > 0 ? " " + qualifiers : "");
                    continue;
                case BtfKind.TypeTag:
                    continue;
                case BtfKind.Ptr:
                    declarator = "*" + (qualifiers.Length > 0 ? qualifiers + " " : "") + declarator;
                    (qualifiers, pointer) = ("", true);
                    continue;
                case BtfKind.Array:
                    declarator = (pointer ? $"({declarator})" : declarator) + $"[{type.ArrayCount}]";
                    pointer = false;
                    continue;
                case BtfKind.FuncProto:
                    declarator = (pointer ? $"({declarator})" : declarator) + Parameters(type, depth);
                    pointer = false;
                    continue;
                default:
                    string text = (qualifiers.Length > 0 ? qualifiers + " " : "") + BaseName(type);
                    return declarator.Length > 0 ? $"{text} {declarator}" : text;
            }
        }

        return $"/* endless type */ int {declarator}";
    }

    /// <summary>The types of parameters and their names: "(int fd, ...)".</summary>
    private string Parameters(in BtfType proto, int depth)
    {
        if (proto.Vlen == 0)
            return "(void)";
        _parameters += proto.Vlen;
        if (depth >= MaxPrototypeDepth || (depth > 0 && _parameters > MaxParameters))
            return "(/* ... */)";
        var text = new StringBuilder("(");
        for (int i = 0; i < proto.Vlen; i++)
        {
            BtfParam param = proto.Param(i);
            bool rest = i == proto.Vlen - 1 && param.Type == 0;
            text.Append(i == 0 ? "" : ", ").Append(rest ? "..." : Declare(param.Type, types.String(param.NameOff), depth + 1));
        }

        return text.Append(')').ToString();
    }

    /// <summary>What stands at the left: "unsigned int", "struct task_struct", "u32".</summary>
    public string BaseName(in BtfType type)
    {
        string name = renamed is not null && renamed.TryGetValue(type.Id, out string? other) ? other : types.Name(type);
        return type.Kind switch
        {
            BtfKind.Void => "void",
            BtfKind.Struct => $"struct {(name.Length > 0 ? name : anonymous)}",
            BtfKind.Union => $"union {(name.Length > 0 ? name : anonymous)}",
            BtfKind.Enum or BtfKind.Enum64 => $"enum {(name.Length > 0 ? name : anonymous)}",
            BtfKind.Fwd => (type.KindFlag ? "union " : "struct ") + name,
            _ => name.Length > 0 ? name : "int",
        };
    }

    private static uint Next(in BtfType type) => type.Kind == BtfKind.Array ? type.ArrayElement : type.Type;
}
