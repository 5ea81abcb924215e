using System.Text;
using WebBpf.Kernel.Verifier;

namespace WebBpf.Kernel.Btf;

/// <summary>
/// What BTF_LOAD writes at btf_log_level: the header, a line per type, and the same line again with a complaint. As btf_verifier_log_type and
/// kin in kernel/bpf/btf.c (6.18). Complaints about the whole end without a newline there, and so do these.
/// </summary>
internal sealed class BtfLog(VerifierLog? log)
{
    private readonly VerifierLog? _log = log is { Enabled: true } ? log : null;

    /// <summary>True while records are read one by one; later complaints about a member repeat its struct first.</summary>
    public bool CheckingMetas { get; set; }

    public bool Enabled => _log is not null;

    public void Write(string text) => _log?.Write(text);

    public void Header(in BtfHeader header, int total) => _log?.Write(
        $"magic: 0x{header.Magic:x}\nversion: {header.Version}\nflags: 0x{header.Flags:x}\nhdr_len: {header.Length}\n" +
        $"type_off: {header.TypeOff}\ntype_len: {header.TypeLen}\nstr_off: {header.StrOff}\nstr_len: {header.StrLen}\nbtf_total_size: {total}\n");

    /// <summary>"[3] PTR (anon) type_id=1 complaint".</summary>
    public void Type(BtfTypes types, in BtfType type, string? complaint = null)
    {
        if (_log is null)
            return;
        string details = Details(types, type);
        _log.Write($"[{type.Id}] {type.Kind.Text()} {types.LogName(type.NameOff)} {details}{Tail(complaint)}\n");
    }

    /// <summary>The same without details, where they cannot be read.</summary>
    public void Basic(BtfTypes types, in BtfType type, string complaint) =>
        _log?.Write($"[{type.Id}] {type.Kind.Text()} {types.LogName(type.NameOff)}{Tail(complaint)}\n");

    public void Member(BtfTypes types, in BtfType parent, in BtfMember member, string? complaint = null)
    {
        if (_log is null)
            return;
        if (!CheckingMetas)
            Type(types, parent);
        string bits = parent.KindFlag ? $"bitfield_size={member.BitfieldSize} " : "";
        _log.Write($"\t{types.LogName(member.NameOff)} type_id={member.Type} {bits}bits_offset={member.BitOffset}{Tail(complaint)}\n");
    }

    public void VarSec(BtfTypes types, in BtfType section, in BtfVarSec entry, string? complaint = null)
    {
        if (_log is null)
            return;
        if (!CheckingMetas)
            Type(types, section);
        _log.Write($"\t type_id={entry.Type} offset={entry.Offset} size={entry.Size}{Tail(complaint)}\n");
    }

    private static string Tail(string? complaint) => complaint is null ? "" : " " + complaint;

    private static string Details(BtfTypes types, in BtfType type) => type.Kind switch
    {
        BtfKind.Int => $"size={type.Size} bits_offset={type.IntOffset} nr_bits={type.IntBits} encoding={Encoding(type.IntEncoding)}",
        BtfKind.Array => $"type_id={type.ArrayElement} index_type_id={type.ArrayIndex} nr_elems={type.ArrayCount}",
        BtfKind.Struct or BtfKind.Union or BtfKind.Enum or BtfKind.Enum64 or BtfKind.Datasec => $"size={type.Size} vlen={type.Vlen}",
        BtfKind.Fwd => type.KindFlag ? "union" : "struct",
        BtfKind.FuncProto => Prototype(types, type),
        BtfKind.Var => $"type_id={type.Type} linkage={type.VarLinkage}",
        BtfKind.Float => $"size={type.Size}",
        BtfKind.DeclTag => $"type={type.Type} component_idx={type.ComponentIdx}",
        _ => $"type_id={type.Type}",
    };

    private static string Encoding(uint encoding) => encoding switch { 0 => "(none)", 1 => "SIGNED", 2 => "CHAR", 4 => "BOOL", _ => "UNKN" };

    private static string Prototype(BtfTypes types, in BtfType type)
    {
        var text = new StringBuilder($"return={type.Type} args=(");
        for (int i = 0; i < type.Vlen; i++)
        {
            BtfParam param = type.Param(i);
            bool last = i == type.Vlen - 1;
            text.Append(i == 0 ? "" : ", ");
            text.Append(last && param.Type == 0 ? "vararg" : $"{param.Type} {types.LogName(param.NameOff)}");
        }

        return text.Append(type.Vlen == 0 ? "void)" : ")").ToString();
    }
}
