using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Objects;
using WebBpf.Kernel.Uapi;
using WebBpf.Server.Api.Codec;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>BTF objects, as <c>bpftool btf</c> shows them.</summary>
public static class BtfApi
{
    public static void MapBtf(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/btf").WithTags("btf");
        group.MapGet("/", List).WithSummary("BTF objects; id 1 is the kernel's.");
        group.MapGet("/{id:int}", Get).WithSummary("One BTF object.");
        group.MapGet("/{id:int}/c", ToC).WithSummary("The types as C (not implemented yet).");
    }

    private static Ok<Page<BtfInfo>> List(HttpContext context, string? cursor = null, int? limit = null, string? filter = null, string? sort = null)
    {
        Desk desk = Desk.Of(context);
        return TypedResults.Ok(Paging.Of(after => desk.Ids(ObjectKind.Btf, after), id => TryRead(desk, id), b => b.Id, cursor, limit, filter, sort));
    }

    private static Ok<BtfInfo> Get(HttpContext context, int id)
    {
        Desk desk = Desk.Of(context);
        return TypedResults.Ok(Read(desk, desk.Open(ObjectKind.Btf, (uint)id)));
    }

    private static ContentHttpResult ToC(HttpContext context, int id)
    {
        Desk.Of(context).Open(ObjectKind.Btf, (uint)id);
        throw ApiException.Gap("BTF as C");
    }

    private static BtfInfo? TryRead(Desk desk, uint id)
    {
        long fd = desk.Port.FdById(BpfCommand.BtfGetFdById, id);
        if (fd == -Errno.ENOENT)
            return null;
        CallStatus.Check(fd, $"BTF object {id}");
        BtfInfo info = Read(desk, (int)fd);
        desk.Close((int)fd);
        return info;
    }

    private static BtfInfo Read(Desk desk, int fd)
    {
        string name = desk.Port.BtfName(fd, out byte[] bytes);
        var info = new InfoStruct(ObjectKind.Btf, bytes);
        return new BtfInfo(info.U32("id"), name.Length == 0 ? "<anon>" : name, info.U32("btf_size"), info.U32("kernel_btf") != 0, null, null);
    }
}
