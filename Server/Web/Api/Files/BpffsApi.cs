using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Objects.Fs;
using WebBpf.Kernel.Objects.Journal;
using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Server.Hosting;
using WebBpf.Server.Persistence;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Files;

/// <summary>The bpffs: <c>/api/v1/bpffs/x</c> is the file <c>/sys/fs/bpf/x</c>. Changes are acknowledged when they are on disk.</summary>
public static class BpffsApi
{
    public static void MapBpffs(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/bpffs").WithTags("bpffs");
        group.MapGet("/{**path}", Get).WithSummary("A file, or a directory and what is in it.");
        group.MapPut("/{**path}", Put).Accepts<FileWrite>("application/json").WithSummary("Pins an object by its id, or makes a directory.");
        group.MapDelete("/{**path}", Delete).WithSummary("Removes a pin or an empty directory.");
        group.MapPost("/{**path}", Rename).WithSummary("Renames a file or directory: ?rename=NEW, a name in the same directory or a path.");
    }

    private static Ok<FileInfoItem> Get(HttpContext context, KernelHost kernels, string? path = null, string? cursor = null, int? limit = null, string? filter = null)
    {
        (Bpffs fs, BpfTask task) = Own(context, kernels);
        BpffsListing listing = fs.List(Absolute(path), task) ?? throw ApiException.NotFound($"There is no {Absolute(path)}.");
        if (listing.Children is null)
            return TypedResults.Ok(Item(listing.Node, null, null));
        int size = Paging.Limit(limit);
        IEnumerable<BpffsNodeImage> children = listing.Children;
        if (cursor is not null)
            children = children.Where(c => string.CompareOrdinal(Name(c.Path), cursor) > 0);
        if (filter is not null)
            children = children.Where(c => Name(c.Path).Contains(filter, StringComparison.OrdinalIgnoreCase));
        List<BpffsNodeImage> page = [.. children.Take(size + 1)];
        string? next = page.Count > size ? Name(page[size - 1].Path) : null;
        return TypedResults.Ok(Item(listing.Node, [.. page.Take(size).Select(c => Item(c, null, null))], next));
    }

    private static async Task<Created<FileInfoItem>> Put(HttpContext context, KernelHost kernels, BodyReader bodies, JournalWriter journal, string? path = null)
    {
        (Bpffs fs, BpfTask task) = Own(context, kernels);
        FileWrite write = await bodies.ReadAsync<FileWrite>(context);
        string absolute = Absolute(path);
        if (write.Kind == "dir")
            CallStatus.Check(fs.MakeDirectory(absolute, task), absolute);
        else
            Pin(context, write, absolute);
        await journal.Flush();
        BpffsListing made = fs.List(absolute, task) ?? throw ApiException.NotFound($"{absolute} is gone already.");
        return TypedResults.Created($"/api/v1/bpffs{made.Node.Path}", Item(made.Node, null, null));
    }

    private static void Pin(HttpContext context, FileWrite write, string absolute)
    {
        ObjectKind kind = write.Kind switch
        {
            "prog" => ObjectKind.Prog,
            "map" => ObjectKind.Map,
            "link" => ObjectKind.Link,
            _ => throw ApiException.Bad("kind", "'prog', 'map', 'link' or 'dir' is expected."),
        };
        Desk desk = Desk.Of(context);
        int fd = desk.Open(kind, write.Id ?? throw ApiException.Bad("id", "the object's id is expected."));
        var port = new BpfPort(desk.Backend, desk.Memory.Arena, desk.Call() with { Receipt = new CallReceipt() });
        CallStatus.Check(port.Pin(absolute, fd), absolute);
    }

    private static async Task<NoContent> Delete(HttpContext context, KernelHost kernels, JournalWriter journal, string? path = null)
    {
        (Bpffs fs, BpfTask task) = Own(context, kernels);
        CallStatus.Check(fs.Remove(Absolute(path), task), Absolute(path));
        await journal.Flush();
        return TypedResults.NoContent();
    }

    private static async Task<Ok<FileInfoItem>> Rename(HttpContext context, KernelHost kernels, JournalWriter journal, string? path = null, string? rename = null)
    {
        (Bpffs fs, BpfTask task) = Own(context, kernels);
        if (string.IsNullOrEmpty(rename))
            throw ApiException.Bad("rename", "the new name or path is expected.");
        string from = Absolute(path);
        string to = rename.Contains('/') ? BpffsPath.Absolute(rename) : $"{from[..from.LastIndexOf('/')]}/{rename}";
        CallStatus.Check(fs.Rename(from, to, task), from);
        await journal.Flush();
        BpffsListing moved = fs.List(to, task) ?? throw ApiException.NotFound($"{to} is gone already.");
        return TypedResults.Ok(Item(moved.Node, null, null));
    }

    private static (Bpffs Fs, BpfTask Task) Own(HttpContext context, KernelHost kernels)
    {
        Caller caller = Caller.Of(context);
        return caller.IsLinux ? throw ApiException.Gap("the bpffs of the machine's kernel") : (kernels.Emulated.Fs, caller.Session.Task);
    }

    private static string Absolute(string? path) => BpffsPath.Absolute(path ?? "");

    private static string Name(string path) => path[(path.LastIndexOf('/') + 1)..];

    private static FileInfoItem Item(BpffsNodeImage node, IReadOnlyList<FileInfoItem>? entries, string? next) => new(
        Bpffs.Mount + node.Path,
        Name(node.Path),
        Images.Name(node.Kind),
        node.Kind == DurableKind.Dir ? null : node.ObjectId,
        "0" + Convert.ToString(node.Mode, 8),
        node.Uid,
        node.Gid,
        node.CreatedAt,
        entries,
        next);
}
