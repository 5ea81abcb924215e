using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Objects;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api;

/// <summary>Links. Programs cannot be attached yet: there are none on our kernel.</summary>
public static class LinksApi
{
    public static void MapLinks(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/links").WithTags("links");
        group.MapGet("/", List).WithSummary("Links (none yet: attaching is not implemented).");
        group.MapGet("/{id:int}", Get).WithSummary("One link.");
        group.MapDelete("/{id:int}", Get).WithSummary("Detaches a link.");
    }

    private static Ok<Page<LinkInfo>> List(HttpContext context, string? cursor = null, int? limit = null, string? filter = null, string? sort = null)
    {
        Desk desk = NeedOwn(context);
        return TypedResults.Ok(Paging.Of(after => desk.Ids(ObjectKind.Link, after), id => new LinkInfo(id, "", 0), l => l.Id, cursor, limit, filter, sort));
    }

    private static Ok<LinkInfo> Get(HttpContext context, int id)
    {
        NeedOwn(context).Open(ObjectKind.Link, (uint)id);
        throw ApiException.Gap("links");
    }

    private static Desk NeedOwn(HttpContext context)
    {
        Desk desk = Desk.Of(context);
        return desk.Caller.IsLinux ? throw ApiException.Gap("links of the machine's kernel") : desk;
    }
}
