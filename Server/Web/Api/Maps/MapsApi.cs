using Microsoft.AspNetCore.Http.HttpResults;
using WebBpf.Kernel.Objects;
using WebBpf.Shared.Wire;

namespace WebBpf.Server.Api.Maps;

/// <summary>Maps and their elements, as <c>bpftool map</c> shows them.</summary>
public static class MapsApi
{
    public static void MapMaps(this IEndpointRouteBuilder routes)
    {
        RouteGroupBuilder group = routes.MapGroup("/maps").WithTags("maps");
        group.MapGet("/", List).WithSummary("Maps.");
        group.MapGet("/{id:int}", Get).WithSummary("One map.");
        group.MapGet("/{id:int}/entries", Entries).WithSummary("Elements, page by page; the cursor is the key after which to go on.");
        group.MapGet("/{id:int}/entries/{key}", GetEntry).WithSummary("One element; the key as hex.");
        group.MapPut("/{id:int}/entries/{key}", PutEntry).Accepts<MapEntryWrite>("application/json").WithSummary("Writes an element.");
        group.MapDelete("/{id:int}/entries/{key}", DeleteEntry).WithSummary("Deletes an element.");
    }

    private static Ok<Page<MapInfo>> List(HttpContext context, string? cursor = null, int? limit = null, string? filter = null, string? sort = null)
    {
        Desk desk = Desk.Of(context);
        PinPaths pins = context.Pins();
        return TypedResults.Ok(Paging.Of(after => desk.Ids(ObjectKind.Map, after), id => MapReader.TryRead(desk, id, pins), m => m.Id, cursor, limit, filter, sort));
    }

    private static Ok<MapInfo> Get(HttpContext context, int id)
    {
        Desk desk = Desk.Of(context);
        return TypedResults.Ok(MapReader.Read(desk, desk.Open(ObjectKind.Map, (uint)id), context.Pins()));
    }

    private static Ok<Page<MapEntry>> Entries(HttpContext context, int id, string? cursor = null, int? limit = null, string? filter = null) =>
        TypedResults.Ok(Open(context, id).List(cursor, Paging.Limit(limit), filter));

    private static Ok<MapEntry> GetEntry(HttpContext context, int id, string key) => TypedResults.Ok(Open(context, id).Get(key));

    private static async Task<NoContent> PutEntry(HttpContext context, int id, string key, BodyReader bodies)
    {
        MapEntryWrite write = await bodies.ReadAsync<MapEntryWrite>(context);
        if (write.Value is null)
            throw ApiException.Bad("value", "hex is expected.");
        await Open(context, id).Put(key, write);
        return TypedResults.NoContent();
    }

    private static async Task<NoContent> DeleteEntry(HttpContext context, int id, string key)
    {
        await Open(context, id).Delete(key);
        return TypedResults.NoContent();
    }

    private static MapEntries Open(HttpContext context, int id) => Open(Desk.Of(context), (uint)id);

    internal static MapEntries Open(Desk desk, uint id)
    {
        int fd = desk.Open(ObjectKind.Map, id);
        return new MapEntries(desk, fd, MapReader.Read(desk, fd, PinPaths.None));
    }
}
